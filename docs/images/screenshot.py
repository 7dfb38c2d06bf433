"""Run the demo and photograph its dashboard: ``make screenshot``."""

import io
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parent / "dashboard.jpg"
VIEW = {"width": 1280, "height": 1680}
PLAYING = "() => [...document.querySelectorAll('video')].every(v => v.currentTime > 0.4)"


def photograph(url: str, browser_path: str) -> bytes:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEW)
        page.goto(url)
        page.wait_for_selector("video")
        page.wait_for_function(PLAYING)
        picture = page.screenshot()
        browser.close()
    return picture


def main(browser_path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen(
            [sys.executable, "-m", "framegate", "demo", "--keep", "--folder", folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert demo.stdout is not None
        said = ""
        while "stays up until Ctrl-C" not in said:
            said += demo.stdout.readline()
        picture = photograph(re.findall(r"^dashboard +(\S+)$", said, re.M)[0], browser_path)
        demo.send_signal(signal.SIGINT)
        demo.wait()
    Image.open(io.BytesIO(picture)).convert("RGB").save(TARGET, quality=88, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
