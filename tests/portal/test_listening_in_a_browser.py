"""Reading aloud in Chromium: only with a voice of the device, in the page's language, stopped by the same button."""

from pathlib import Path

import pytest

from tests.portal.contract import services
from tests.portal.contract_exemptions import CODE
from tests.portal.test_in_a_browser import chrome, serving

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

DEVICE = """
window.said = [];
class Voices extends EventTarget {
  getVoices() { return %s; }
  speak(one) { window.said.push([one.text, one.lang]); }
  cancel() { window.said.push("stop"); }
}
Object.defineProperty(window, "speechSynthesis", { value: new Voices() });
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
"""
LOCAL = '[{lang: "en-GB", localService: true}, {lang: "vi-VN", localService: true}]'
ABROAD = '[{lang: "vi-VN", localService: false}, {lang: "en-US", localService: true}]'


@pytest.mark.parametrize(("voices", "shown"), [(LOCAL, True), (ABROAD, False), ("[]", False)])
async def test_the_button_shows_only_with_a_voice_on_the_device_in_the_language_of_the_page(
    tmp_path: Path, voices: str, shown: bool
) -> None:
    async with serving(services(), tmp_path, signed_in=False) as address, chrome() as browser:
        page = await browser.new_page(locale="vi-VN")
        await page.add_init_script(DEVICE % voices)
        await page.goto(f"{address}/procedures/{CODE}")
        button = page.get_by_role("button", name="Nghe")
        assert await button.is_visible() is shown
        if not shown:
            return
        await button.click()
        said = await page.evaluate("window.said.filter(one => one !== 'stop')")
        assert ["Điền và nộp trên cổng này", "vi-VN"] in said
        stop = page.get_by_role("button", name="Dừng đọc")
        assert await stop.get_attribute("aria-pressed") == "true"
        await stop.click()
        assert await button.get_attribute("aria-pressed") == "false"
        assert await page.evaluate("window.said.at(-1)") == "stop"
