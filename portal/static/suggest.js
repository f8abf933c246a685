// Suggestions: plain links under the box. The box is never rewritten and nothing happens while letters are composed.
(function () {
  "use strict";
  var $ = function (selector, root) { return (root || document).querySelector(selector); };

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
})();
