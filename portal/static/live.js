// A live timeline: when the dossier changes, the same page is read again and its middle is replaced.
(function () {
  "use strict";
  var $ = function (selector, root) { return (root || document).querySelector(selector); };

  var source = $('meta[name="motcua-stream"]');
  if (source && window.EventSource) {
    var news = $("#live-news"), busy = false, stream = new EventSource(source.content);
    var fresh = function () {
      if (busy) return;
      busy = true;
      fetch(location.pathname, { headers: { accept: "text/html" } }).then(function (reply) {
        return reply.ok ? reply.text() : Promise.reject();
      }).then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        var open = $("#why") && $("#why").open, now = $("#live", page), before = $("#live .where strong");
        var said = before ? before.textContent : "";
        if (now && !$("#live").contains(document.activeElement)) {
          $("#live").replaceWith(now);
          if (open && $("#why")) $("#why").open = true;
          var sentence = $("#live .where strong");
          if (sentence && sentence.textContent !== said) news.textContent = news.dataset.text + " " + sentence.textContent;
        }
        if (!$('meta[name="motcua-stream"]', page)) stream.close();
        busy = false;
      }).catch(function () { busy = false; });
    };
    stream.addEventListener("message", function (event) {
      if (Number(event.lastEventId) > Number($("#live").dataset.event)) setTimeout(fresh, 150);
    });
  }
})();
