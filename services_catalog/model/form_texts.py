"""What a form says when an answer is not right: by widget and keyword of the schema, each says what to do."""

# keyword -> what to do, by widget; "required" says it with the field's own label.
ENTER = ("Nhập {vi}.", "Fill in: {en}.")
CHOOSE = ("Chọn {vi}.", "Choose: {en}.")
TOO_LONG = ("Viết ngắn lại, tối đa {max} ký tự.", "Make it shorter, at most {max} characters.")
BLANK = ("Nhập nội dung, không chỉ dấu cách.", "Enter some text, not only spaces.")
DATE_TEXT = ("Nhập ngày, tháng, năm, ví dụ 27 3 2020.", "Enter day, month and year, for example 27 3 2020.")
PARTIAL_TEXT = (
    "Nhập ngày, tháng, năm. Không nhớ thì chỉ nhập năm, ví dụ 1958.",
    "Enter day, month and year. If not known, the year alone, for example 1958.",
)
PICK = ("Chọn một mục trong danh sách.", "Choose one from the list.")
WARD = ("Chọn xã, phường hoặc đặc khu trong danh sách.", "Choose a commune, ward or special zone from the list.")
FILES = ("Gửi lại tệp này từ máy của bạn.", "Send this file again from your device.")
FORMER = ("Tên cũ ghi trên giấy tờ", "Old name on the papers")
ERRORS: dict[str, dict[str, tuple[str, str]]] = {
    "text": {"required": ENTER, "pattern": BLANK, "maxLength": TOO_LONG},
    "textarea": {"required": ENTER, "pattern": BLANK, "maxLength": TOO_LONG},
    "former": {"required": ENTER, "pattern": BLANK, "maxLength": TOO_LONG},
    "name": {
        "required": ENTER,
        "maxLength": TOO_LONG,
        "pattern": (
            "Nhập họ, chữ đệm, tên bằng chữ, như trên giấy tờ. Không dùng chữ số.",
            "Enter the name in letters, as on the papers. No digits.",
        ),
    },
    "date": {"required": ENTER, "pattern": DATE_TEXT, "format": DATE_TEXT},
    "radios": {"required": CHOOSE, "enum": PICK},
    "select": {"required": CHOOSE, "enum": PICK},
    "checkboxes": {"required": CHOOSE, "minItems": CHOOSE, "enum": PICK, "uniqueItems": PICK},
    "yesno": {"required": ("Chọn Có hoặc Không.", "Choose Yes or No.")},
    "ward": {"required": CHOOSE, "pattern": WARD},
    "phone": {
        "required": ENTER,
        "pattern": (
            "Nhập số điện thoại, ví dụ 0912 345 678. Không có thì để trống.",
            "Enter a phone number, for example 0912 345 678. Leave it empty if there is none.",
        ),
    },
    "id_number": {
        "required": ENTER,
        "pattern": (
            "Nhập 12 chữ số trên thẻ căn cước, hoặc 9 chữ số trên chứng minh nhân dân cũ.",
            "Enter the 12 digits of the identity card, or the 9 digits of the old one.",
        ),
    },
    "email": {
        "required": ENTER,
        "maxLength": TOO_LONG,
        "pattern": (
            "Nhập địa chỉ thư điện tử, ví dụ ten@vidu.vn. Không có thì để trống.",
            "Enter an e-mail address, for example name@example.vn. Leave it empty if there is none.",
        ),
    },
    "money": {
        "required": ENTER,
        "minimum": ("Nhập số tiền từ {min} đồng.", "Enter at least {min} dong."),
        "maximum": ("Nhập số tiền không quá {max} đồng.", "Enter at most {max} dong."),
    },
    "number": {
        "required": ENTER,
        "minimum": ("Nhập số từ {min} trở lên.", "Enter {min} or more."),
        "maximum": ("Nhập số không quá {max}.", "Enter {max} or less."),
    },
    "group": {
        "required": ("Thêm ít nhất {min} mục: {item_vi}.", "Add at least {min}: {item_en}."),
        "minItems": ("Thêm ít nhất {min} mục: {item_vi}.", "Add at least {min}: {item_en}."),
        "maxItems": ("Chỉ khai tối đa {max} mục: {item_vi}.", "At most {max}: {item_en}."),
    },
    "files": {
        "required": ("Gửi ít nhất một tệp: {vi}.", "Send at least one file: {en}."),
        "minItems": ("Gửi ít nhất một tệp: {vi}.", "Send at least one file: {en}."),
        "maxItems": ("Gửi tối đa {max} tệp.", "Send at most {max} files."),
        "pattern": FILES,
        "uniqueItems": ("Có một tệp gửi hai lần. Bỏ bớt một tệp.", "One file was sent twice. Remove one."),
    },
}
