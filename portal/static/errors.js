// Errors: the summary takes the focus, so that it is read first.
(function () {
  "use strict";
  var errors = document.getElementById("errors");
  if (errors) errors.focus();
})();
