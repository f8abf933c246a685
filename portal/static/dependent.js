// Questions that hang on another answer of the same page are hidden until it is given.
(function () {
  "use strict";
  var $ = function (selector, root) { return (root || document).querySelector(selector); };

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
})();
