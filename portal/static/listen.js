// Reading aloud: a button beside a part of the page, only where the device itself has a voice of the page's language.
(function () {
  "use strict";
  var speech = window.speechSynthesis, places = document.querySelectorAll("[data-listen]");
  if (!speech || !window.SpeechSynthesisUtterance || !places.length) return;
  var language = document.documentElement.lang, speaking = null;

  // A voice that is not local may send the text to a company: never that one.
  var voice = function () {
    return speech.getVoices().filter(function (one) {
      return one.localService && one.lang.replace("_", "-").toLowerCase().split("-")[0] === language;
    })[0];
  };
  var words = function (root) {
    var parts = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (var node = walk.nextNode(); node; node = walk.nextNode()) {
      var text = node.textContent.trim();
      if (text && !node.parentElement.closest("button, [hidden], script")) parts.push(text);
    }
    return parts;
  };
  var still = function () {
    if (!speaking) return;
    speaking.textContent = speaking.dataset.start;
    speaking.setAttribute("aria-pressed", "false");
    speaking = null;
  };
  var press = function (button, target) {
    var again = speaking === button;
    speech.cancel();
    still();
    if (again) return;
    var chosen = voice(), parts = words(target);
    if (!chosen || !parts.length) return;
    speaking = button;
    button.dataset.start = button.textContent;
    button.textContent = button.dataset.stop;
    button.setAttribute("aria-pressed", "true");
    parts.forEach(function (part, at) {
      var said = new SpeechSynthesisUtterance(part);
      said.voice = chosen;
      said.lang = chosen.lang;
      if (at === parts.length - 1) said.onend = function () { if (speaking === button) still(); };
      speech.speak(said);
    });
  };
  var show = function () {
    var found = !!voice();
    places.forEach(function (place) { place.hidden = !found; });
  };

  places.forEach(function (place) {
    var button = place.querySelector("button"), target = document.getElementById(place.dataset.listen);
    if (button && target) button.addEventListener("click", function () { press(button, target); });
  });
  speech.addEventListener("voiceschanged", show);
  window.addEventListener("pagehide", function () { speech.cancel(); });
  show();
})();
