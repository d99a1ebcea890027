/* The theme switch: system, dark, light. Everything else works without JavaScript. */
(function (root, key) {
  function set(value) { value ? root.setAttribute("data-theme", value) : root.removeAttribute("data-theme"); }
  try { set(localStorage.getItem(key)); } catch (error) { /* storage is switched off */ }
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-theme-switch]")) return;
    var next = { "": "dark", dark: "light", light: "" }[root.getAttribute("data-theme") || ""];
    set(next);
    try { localStorage.setItem(key, next); } catch (error) { /* storage is switched off */ }
  });
})(document.documentElement, "theme");
