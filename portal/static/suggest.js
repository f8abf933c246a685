// Suggestions: plain links under the box. The box is only ever read; nothing happens while letters are composed.
(function () {
  "use strict";
  var box = document.querySelector("[data-suggest]");
  if (!box || !window.fetch) return;
  var english = document.documentElement.lang === "en";
  var list = document.createElement("ul"), news = document.createElement("p");
  var timer = 0, telling = 0, composing = false, asked = "", said = "";
  list.className = "linked-rows";
  list.setAttribute("aria-label", english ? "Suggestions" : "Gợi ý");
  list.hidden = true;
  news.className = "visually-hidden";
  news.setAttribute("role", "status");
  var row = box.closest(".searchbox") || box;
  row.insertAdjacentElement("afterend", list);
  row.insertAdjacentElement("afterend", news);

  // Screen readers hear how many there are once, after the typing has rested.
  var tell = function (count) {
    clearTimeout(telling);
    telling = setTimeout(function () {
      var words = english ? count + (count === 1 ? " suggestion" : " suggestions") + " below" : "Có " + count + " gợi ý ở dưới";
      if (!count) words = "";
      if (words !== said) { said = words; news.textContent = words; }
    }, 1200);
  };
  var close = function () {
    clearTimeout(timer);
    asked = "";
    list.hidden = true;
    tell(0);
  };
  var fill = function (results) {
    list.textContent = "";
    results.slice(0, 5).forEach(function (each) {
      var item = document.createElement("li"), link = document.createElement("a");
      link.href = each.id ? "/procedures/" + encodeURIComponent(each.id) : "/search?q=" + encodeURIComponent(each.text);
      link.textContent = each.text;
      item.appendChild(link);
      list.appendChild(item);
    });
    list.hidden = !list.children.length;
    tell(list.children.length);
  };
  var show = function () {
    var q = box.value.trim();
    if (composing || q === asked) return;
    if (q.length < 2) { close(); return; }
    asked = q;
    fetch("/api/search/v1/suggest?q=" + encodeURIComponent(q.slice(0, 100))).then(function (reply) {
      return reply.ok ? reply.json() : { results: [] };
    }).then(function (found) {
      if (q === asked && !composing) fill(found.results);
    }).catch(function () { list.hidden = true; });
  };
  var later = function () { clearTimeout(timer); timer = setTimeout(show, 250); };
  box.addEventListener("compositionstart", function () { composing = true; clearTimeout(timer); });
  box.addEventListener("compositionend", function () { composing = false; later(); });
  box.addEventListener("input", function (event) { if (!composing && !event.isComposing) later(); });

  // Escape puts the list away; from a link of the list it leads back to the box. The focus moves for nothing else.
  box.form.addEventListener("keydown", function (event) {
    if (event.key !== "Escape" || event.isComposing || list.hidden) return;
    if (list.contains(document.activeElement)) box.focus();
    close();
  });
})();
