// Files: photos are shrunk on the phone, sent in parts, and sent on from where they were after a cut.
(function () {
  "use strict";
  var first = document.querySelector("input[type=file][data-upload]"), form = first && first.form;
  var able = window.fetch && window.Promise && window.Blob && window.AbortController && document.body.closest;
  if (!form || !able) return;
  var lang = document.documentElement.lang, token = form.elements.draft_token ? form.elements.draft_token.value : "";
  var LONGEST = 2000, QUALITY = 0.82, WORTH_SHRINKING = 300000, PATIENCE = 45000;
  var waiting = 0, pressed = null;

  // A photo as a smaller JPEG, upright; anything that cannot be drawn is sent as it is.
  function shrink(file) {
    if (!/^image\//.test(file.type) || file.size < WORTH_SHRINKING || !window.createImageBitmap) return Promise.resolve(file);
    return createImageBitmap(file, { imageOrientation: "from-image" }).then(function (picture) {
      var scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height)), canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      if (picture.close) picture.close();
      return new Promise(function (done) { canvas.toBlob(done, "image/jpeg", QUALITY); });
    }).then(function (small) {
      return small && small.size < file.size ? small : file;
    }).catch(function () { return file; });
  }

  // One request to the API. A refusal rejects with {status, detail, offset}, a cut with {cut: true}.
  function ask(method, address, headers, body) {
    var stop = new AbortController(), timer = setTimeout(function () { stop.abort(); }, PATIENCE);
    if (token) headers["draft-token"] = token;
    headers["accept-language"] = lang;
    return fetch(address, { method: method, headers: headers, body: body, signal: stop.signal, credentials: "same-origin" })
      .then(function (reply) {
        if (reply.status >= 500 || reply.status === 408 || reply.status === 429) throw { cut: true };
        return reply.json().then(function (said) {
          if (reply.ok) return said;
          throw { status: reply.status, detail: said.detail, offset: said.offset };
        });
      }, function () { throw { cut: true }; })
      .then(function (said) { clearTimeout(timer); return said; }, function (error) { clearTimeout(timer); throw error.cut || error.status ? error : { cut: true }; });
  }

  function later(seconds) {
    return new Promise(function (go) {
      var timer = setTimeout(on, seconds * 1000);
      function on() { clearTimeout(timer); window.removeEventListener("online", on); go(); }
      window.addEventListener("online", on);
    });
  }

  function remembered(key, value) {
    try {
      if (value === undefined) return sessionStorage.getItem(key);
      if (value) sessionStorage.setItem(key, value); else sessionStorage.removeItem(key);
    } catch (none) { return null; }
  }

  // Send a blob from where it is to its end; resolves with the file that the API kept.
  function send(base, blob, name, key, say) {
    var address = remembered(key), offset = 0, wait = 1, fresh = false;
    var part = Math.max(32768, Math.min(262144, Math.ceil(blob.size / 12)));
    function begin() {
      fresh = true;
      return ask("POST", base, { "content-type": "application/json" }, JSON.stringify({ length: blob.size, name: name.slice(0, 200) }))
        .then(function (made) { address = base + "/" + made.id; offset = 0; remembered(key, address); });
    }
    function where() {
      return ask("GET", address, {}).then(function (seen) { offset = Math.min(seen.offset, blob.size); });
    }
    function on() {
      say("sending", Math.round(100 * offset / blob.size));
      return ask("PATCH", address, { "content-type": "application/offset+octet-stream", "upload-offset": String(offset) }, blob.slice(offset, offset + part))
        .then(function (said) {
          wait = 1;
          if (said.file) { remembered(key, ""); return said.file; }
          offset = said.offset;
          return on();
        });
    }
    function again(error) {
      if (error.status === 409 && error.offset !== undefined) { offset = error.offset; return on().catch(again); }
      if (error.status === 404 && !fresh) return begin().then(on).catch(again);
      if (!error.cut) { remembered(key, ""); throw error; }
      say("waiting");
      wait = Math.min(wait * 2, 20);
      return later(wait).then(address ? where : begin).then(on).catch(again);
    }
    return (address ? where() : begin()).then(on).catch(again);
  }

  function element(tag, text, className) {
    var made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function take(input, file) {
    var words = input.dataset, box = input.closest("fieldset"), list = box.querySelector(".upload-list");
    if (!list) { list = element("ul", "", "upload-list"); input.parentNode.insertBefore(list, box.querySelector("label")); }
    [].forEach.call(list.querySelectorAll(".refused"), function (old) { old.remove(); });
    if (list.children.length >= Number(words.most)) {
      var full = element("li", words.full, "error refused");
      full.setAttribute("role", "alert");
      list.appendChild(full);
      return;
    }
    var row = element("li"), said = element("span", words.preparing), bar = element("progress"), drop = element("button", words.remove, "link-button");
    said.setAttribute("role", "status");
    bar.max = 100;
    bar.setAttribute("aria-label", file.name);
    drop.type = "button";
    drop.setAttribute("aria-label", words.remove + " " + file.name);
    drop.addEventListener("click", function () { row.remove(); });
    [said, bar, drop].forEach(function (each) { row.appendChild(each); });
    list.appendChild(row);
    waiting += 1;
    var key = ["upload", words.upload.split("/")[5], input.name, file.size, file.lastModified].join(":");
    function say(state, percent) {
      var text = state === "waiting" ? words.waiting : words.sending;
      if (said.textContent !== text) said.textContent = text;
      if (percent !== undefined) bar.value = percent;
    }
    shrink(file).then(function (blob) { return send(words.upload, blob, file.name, key, say); }).then(function (kept) {
      var hidden = element("input");
      hidden.type = "hidden";
      hidden.name = input.name.replace(/-new$/, "");
      hidden.setAttribute("value", kept.sha256);
      row.appendChild(hidden);
      said.textContent = words.done + " " + file.name;
      bar.remove();
    }, function (error) {
      said.textContent = error.detail || words.refused;
      said.className = "error";
      row.className = "refused";
      bar.remove();
    }).then(function () {
      waiting -= 1;
      if (!waiting && pressed) { var button = pressed; pressed = null; button.click(); }
    });
  }

  [].forEach.call(form.querySelectorAll("input[type=file][data-upload]"), function (input) {
    var button = input.closest("fieldset").querySelector('button[value="upload"]');
    if (button) button.hidden = true;
    input.addEventListener("change", function () {
      [].slice.call(input.files).forEach(function (file) { take(input, file); });
      input.value = "";
    });
  });
  // "Continue" or "Send" pressed while a file is on its way: it goes on by itself once the file is there.
  form.addEventListener("submit", function (event) {
    if (!waiting) return;
    event.preventDefault();
    pressed = event.submitter || form.querySelector(".actions button");
  });
})();
