"use strict";
// The latent map: shows the example of the code nearest to the pointer or chosen by arrow keys.
(() => {
  const map = document.getElementById("map");
  if (!map) return;
  const points = JSON.parse(document.getElementById("points").textContent);
  const circles = [...map.querySelectorAll("circle")];
  const positions = circles.map((c) => [Number(c.getAttribute("cx")), Number(c.getAttribute("cy"))]);
  const shown = document.getElementById("shown");
  const maxDistance = 15;  // in units of the view box
  let chosen = -1;

  function choose(i) {
    if (i === chosen) return;
    if (chosen >= 0) circles[chosen].classList.remove("chosen");
    chosen = i;
    circles[i].classList.add("chosen");
    const title = document.createElement("b");
    title.textContent = points[i].title;
    // Cards were escaped when the page was written, so text of the data cannot be markup here.
    shown.innerHTML = points[i].card;
    shown.prepend(title);
  }

  map.addEventListener("pointermove", (event) => {
    const box = map.getBoundingClientRect();
    const scale = map.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    let nearest = -1;
    let minSquare = maxDistance ** 2;
    positions.forEach(([a, b], i) => {
      const square = (a - x) ** 2 + (b - y) ** 2;
      if (square < minSquare) [nearest, minSquare] = [i, square];
    });
    if (nearest >= 0) choose(nearest);
  });

  map.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((chosen + step + circles.length) % circles.length);
  });

  // Pointing at a class of the legend fades the codes of all others.
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
