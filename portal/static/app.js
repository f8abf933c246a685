// Improves pages that are complete without it: live timeline, suggestions, dependent questions, printing.
(function () {
  "use strict";
  var $ = function (selector, root) { return (root || document).querySelector(selector); };

  // Errors: the summary takes the focus, so that it is read first.
  var errors = $("#errors");
  if (errors) errors.focus();

  // A live timeline: when the dossier changes, the same page is read again and its middle is replaced.
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

  // Suggestions: plain links under the box. The box is never rewritten and nothing happens while letters are composed.
  var box = $("[data-suggest]");
  if (box && window.fetch) {
    var list = document.createElement("ul"), timer = 0, composing = false, asked = "";
    list.className = "linked-rows";
    list.setAttribute("aria-label", document.documentElement.lang === "en" ? "Suggestions" : "Gợi ý");
    list.hidden = true;
    box.form.appendChild(list);
    var show = function () {
      var q = box.value.trim();
      if (composing || q === asked) return;
      asked = q;
      if (q.length < 2) { list.hidden = true; return; }
      fetch("/api/search/v1/suggest?q=" + encodeURIComponent(q.slice(0, 100))).then(function (reply) {
        return reply.ok ? reply.json() : { results: [] };
      }).then(function (found) {
        if (q !== asked) return;
        list.textContent = "";
        found.results.slice(0, 5).forEach(function (each) {
          var item = document.createElement("li"), link = document.createElement("a");
          link.href = each.id ? "/procedures/" + encodeURIComponent(each.id) : "/search?q=" + encodeURIComponent(each.text);
          link.textContent = each.text;
          item.appendChild(link);
          list.appendChild(item);
        });
        list.hidden = !list.children.length;
      }).catch(function () { list.hidden = true; });
    };
    var later = function () { clearTimeout(timer); timer = setTimeout(show, 250); };
    box.addEventListener("compositionstart", function () { composing = true; });
    box.addEventListener("compositionend", function () { composing = false; later(); });
    box.addEventListener("input", function () { if (!composing) later(); });
  }

  // Questions that hang on another answer of the same page are hidden until it is given.
  var dependent = [].slice.call(document.querySelectorAll("[data-when]"));
  var value = function (name) {
    var on = $('[name="' + name + '"]:checked') || $('[name="' + name + '"]:not([type=radio]):not([type=checkbox])');
    return on ? on.value : null;
  };
  var same = function (given, wanted) {
    return given === (wanted === true ? "yes" : wanted === false ? "no" : String(wanted));
  };
  var holds = function (when) {
    if (when.all) return when.all.every(holds);
    if (when.any) return when.any.some(holds);
    if (when.not) return !holds(when.not);
    if (!$('[name="' + when.field + '"]')) return true;
    var given = value(when.field);
    return when["in"] ? when["in"].some(function (wanted) { return same(given, wanted); }) : same(given, when.equals);
  };
  var settle = function () {
    dependent.forEach(function (part) { part.hidden = !holds(JSON.parse(part.dataset.when)); });
  };
  [].forEach.call(document.querySelectorAll("[data-only-if]"), function (said) { said.hidden = true; });
  if (dependent.length) { document.addEventListener("change", settle); settle(); }

  var print = $("[data-print]");
  if (print) { print.hidden = false; print.addEventListener("click", function () { window.print(); }); }
})();
