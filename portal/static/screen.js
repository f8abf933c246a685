// The second screen of a helper's desk: every few seconds the same page is read again and its middle is replaced.
(function () {
  "use strict";
  var EVERY = 3000, busy = false;
  var heading = function (root) { var now = root.querySelector("#now"); return now ? now.textContent : ""; };
  setInterval(function () {
    if (busy || document.hidden) return;
    busy = true;
    fetch("/screen", { headers: { accept: "text/html" } }).then(function (reply) { return reply.text(); }).then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html");
      var now = page.querySelector("#screen"), before = document.querySelector("#screen");
      busy = false;
      if (!now) { location.reload(); return; }
      if (now.isEqualNode(before)) return;
      var said = heading(document);
      before.replaceWith(now);
      if (heading(document) !== said) document.querySelector("#screen-news").textContent = heading(document);
    }).catch(function () { busy = false; });
  }, EVERY);
})();
