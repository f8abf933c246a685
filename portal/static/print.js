// Printing: a button for it, only where a script can print.
(function () {
  "use strict";
  var print = document.querySelector("[data-print]");
  if (!print) return;
  print.hidden = false;
  print.addEventListener("click", function () { window.print(); });
})();
