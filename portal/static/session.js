// The session: five minutes before it ends a polite region says so, once, and one press renews it.
(function () {
  "use strict";
  var box = document.querySelector("[data-session]");
  if (!box || !window.fetch) return;
  var said = box.querySelector("[role=status]"), act = box.querySelector("[data-go-on]"), until = box.querySelector("[data-until]");
  var EARLY = 300, timer = 0, at = 0, warned = false;

  var ask = function (method) {
    return fetch("/auth/session", { method: method, headers: { accept: "application/json" } }).then(function (reply) {
      return reply.ok ? reply.json() : Promise.reject();
    });
  };
  var wait = function (seconds) {
    clearTimeout(timer);
    at = Date.now() + seconds * 1000;
    timer = setTimeout(look, Math.max(seconds, 1) * 1000);
  };
  var show = function (text, warning) {
    said.textContent = text;
    act.hidden = !warning;
    box.classList.toggle("session--now", warning || !!text);
  };
  var tell = function (now) {
    if (now.until) until.textContent = now.until;
    if (!now.left) return show(box.dataset.over, false);
    if (now.left > EARLY) {
      if (warned) show("", false);
      warned = false;
      return wait(now.left - EARLY);
    }
    if (!warned) show(box.dataset.soon.replace("{at}", now.until), true);
    warned = true;
    wait(now.left + 1);
  };
  var look = function () {
    ask("GET").then(tell).catch(function () { wait(60); });
  };

  act.addEventListener("click", function () {
    ask("POST").then(function (now) {
      if (!now.left) return tell(now);
      warned = false;
      until.textContent = now.until;
      box.focus();
      show((now.left > EARLY ? box.dataset.renewed : box.dataset.last).replace("{at}", now.until), false);
      wait(now.left > EARLY ? now.left - EARLY : now.left + 1);
      warned = now.left <= EARLY;
    }).catch(function () { said.textContent = box.dataset.away; });
  });
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && Date.now() > at) look();
  });
  wait(Math.max(Number(box.dataset.session) - EARLY, 1));
})();
