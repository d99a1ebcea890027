/* Scanning: Tab ends a code like Enter, and each scan is heard: high for a known code, low for an
   unknown one. Without this file Enter still works, and a wrong line is still red. */
(function () {
  function tone(frequency, start, context) {
    var sound = context.createOscillator(), volume = context.createGain();
    sound.frequency.value = frequency;
    volume.gain.value = 0.15;
    sound.connect(volume).connect(context.destination);
    sound.start(context.currentTime + start);
    sound.stop(context.currentTime + start + 0.12);
  }
  function tell(known) {
    try {
      var context = new (window.AudioContext || window.webkitAudioContext)();
      tone(known ? 1320 : 220, 0, context);
      if (!known) tone(220, 0.18, context);
    } catch (e) { /* no sound here */ }
    if (navigator.vibrate) navigator.vibrate(known ? 40 : 400);
  }
  document.addEventListener("keydown", function (event) {
    var field = event.target;
    if (event.key !== "Tab" || event.shiftKey || !field.matches(".scan") || !field.value.trim()) return;
    var another = document.querySelector("#sheet button[name=add_row]");
    if (another) { event.preventDefault(); another.click(); }
  });
  function unknown() { return document.querySelectorAll("#sheet tr.bad").length; }
  var before = 0; // a line that was wrong already says nothing about this scan
  document.addEventListener("htmx:beforeSwap", function () { before = unknown(); });
  document.addEventListener("htmx:afterSwap", function () {
    if (!document.getElementById("sheet")) return;
    tell(unknown() <= before);
    var next = document.querySelector("#sheet [autofocus]");
    if (next) next.focus();
  });
})();
