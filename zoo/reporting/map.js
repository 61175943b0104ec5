"use strict";
// The latent map: the code nearest to the pointer, or chosen by arrow keys, shows its example.
(() => {
  const map = document.getElementById("map");
  if (!map) return;
  const points = JSON.parse(document.getElementById("points").textContent);
  const circles = [...map.querySelectorAll("circle")];
  const place = circles.map((c) => [Number(c.getAttribute("cx")), Number(c.getAttribute("cy"))]);
  const shown = document.getElementById("shown");
  const reach = 15;
  let chosen = -1;

  function choose(i) {
    if (i === chosen) return;
    if (chosen >= 0) circles[chosen].classList.remove("chosen");
    chosen = i;
    circles[i].classList.add("chosen");
    const title = document.createElement("b");
    title.textContent = points[i].title;
    // Escaped where this page was written: a card holds no markup of the data's.
    shown.innerHTML = points[i].card;
    shown.prepend(title);
  }

  map.addEventListener("pointermove", (event) => {
    const box = map.getBoundingClientRect();
    const scale = map.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    let best = -1;
    let least = reach * reach;
    place.forEach(([a, b], i) => {
      const far = (a - x) ** 2 + (b - y) ** 2;
      if (far < least) [best, least] = [i, far];
    });
    if (best >= 0) choose(best);
  });

  map.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((chosen + step + circles.length) % circles.length);
  });

  // A class of the legend under the pointer stands out.
  document.querySelectorAll("ul.legend li").forEach((entry) => {
    const colour = getComputedStyle(entry.querySelector(".swatch")).backgroundColor;
    const fade = (on) => circles.forEach((c) => {
      c.classList.toggle("faded", on && getComputedStyle(c).fill !== colour);
    });
    for (const [name, on] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) {
      entry.addEventListener(name, () => fade(on));
    }
  });
})();
