"use strict";

/* Draws what the list beside the map says: a circle for those served, a diamond for those without, numbers inside.
   Places that lie close at this zoom are drawn as one, named after the busiest; zooming in parts them. */
(() => {
  const APART = { x: 46, y: 24 };
  const COAST_EDGE = [[57.7, 0.5], [71.3, 31.5]];
  const SVG = "http://www.w3.org/2000/svg";

  const frame = document.querySelector("[data-map]");
  if (!frame || !window.L) return;
  frame.hidden = false;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(frame.querySelector(".tp-map"), {
    zoomControl: false, attributionControl: false, scrollWheelZoom: false, minZoom: 3, maxZoom: 12, zoomSnap: 0.25,
    maxBounds: [[54, -4], [74, 38]], zoomAnimation: !still, fadeAnimation: !still, markerZoomAnimation: !still,
  });
  L.control.zoom({ zoomInTitle: frame.dataset.zoomIn, zoomOutTitle: frame.dataset.zoomOut }).addTo(map);
  const marks = L.layerGroup().addTo(map);

  const asJson = async (url) => (await fetch(url)).json();

  function drawCoast(coast) {
    L.geoJSON(coast, {
      interactive: false,
      style: (land) => ({
        className: land.properties.name === "Norway" ? "tp-land" : "tp-land tp-land-far", fillOpacity: 1, weight: 1,
      }),
    }).addTo(map).bringToBack();
  }

  function gathered(points) {
    const groups = [];
    for (const point of points) {
      const at = map.latLngToLayerPoint([point.lat, point.lon]);
      const near = groups.find(
        (group) => Math.abs(group.at.x - at.x) < APART.x && Math.abs(group.at.y - at.y) < APART.y,
      );
      if (near) {
        near.served += point.served;
        near.unserved += point.unserved;
        near.more += 1;
      } else {
        groups.push({ ...point, at, more: 0 });
      }
    }
    return groups;
  }

  function shape(kind, number) {
    const size = 18 + Math.min(12, 3 * String(number).length + Math.sqrt(number) / 2);
    const half = size / 2;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", size);
    svg.setAttribute("height", size);
    svg.setAttribute("class", `tp-mark-${kind}`);
    const drawn = document.createElementNS(SVG, kind === "served" ? "circle" : "path");
    if (kind === "served") {
      drawn.setAttribute("cx", half);
      drawn.setAttribute("cy", half);
      drawn.setAttribute("r", half - 1);
    } else {
      drawn.setAttribute("d", `M${half} 0L${size} ${half}L${half} ${size}L0 ${half}Z`);
      drawn.setAttribute("class", "tp-diamond");
    }
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("x", half);
    text.setAttribute("y", half);
    text.textContent = number;
    svg.append(drawn, text);
    return { svg, size };
  }

  function free(box, boxes) {
    return !boxes.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
  }

  function mark(group, boxes) {
    const link = document.createElement(group.href ? "a" : "span");
    link.className = group.href ? "tp-mark-place tp-mark-link" : "tp-mark-place";
    const shapes = ["served", "unserved"].filter((kind) => group[kind]).map((kind) => shape(kind, group[kind]));
    const width = shapes.reduce((sum, one) => sum + one.size, 0);
    link.append(...shapes.map((one) => one.svg));
    link.style.setProperty("--tp-shift", `${-width / 2}px`);
    const said = [`${group.name}: ${group.served} ${frame.dataset.served}, ${group.unserved} ${frame.dataset.unserved}`];
    if (group.more) said.push(frame.dataset.more.replace("{n}", group.more));
    link.title = said.join(" ");
    if (group.href) {
      link.href = group.href;
      link.tabIndex = -1;
      link.setAttribute("aria-label", link.title);
    }
    boxes.push([group.at.x - width / 2, group.at.y - 13, group.at.x + width / 2, group.at.y + 13]);
    return { group, link, width };
  }

  function name({ group, link, width }, boxes) {
    const label = document.createElement("span");
    label.className = "tp-mark-name";
    label.textContent = group.more ? `${group.name} +${group.more}` : group.name;
    const long = 7.2 * label.textContent.length + 8;
    const { x, y } = group.at;
    const right = [x + width / 2, y - 9, x + width / 2 + long, y + 9];
    const left = [x - width / 2 - long, y - 9, x - width / 2, y + 9];
    const edge = map.containerPointToLayerPoint([map.getSize().x, 0]).x;
    const isCut = x < edge && right[2] > edge;
    if (free(right, boxes) && !isCut) {
      boxes.push(right);
      link.append(label);
    } else if (free(left, boxes) && left[0] > map.containerPointToLayerPoint([0, 0]).x) {
      boxes.push(left);
      link.prepend(label);
      link.style.setProperty("--tp-shift", `calc(-100% + ${width / 2}px)`);
    }
  }

  function draw(points) {
    marks.clearLayers();
    const boxes = [];
    const drawn = gathered(points).map((group) => mark(group, boxes));
    for (const one of drawn) {
      name(one, boxes);
      const holder = document.createElement("div");
      holder.append(one.link);
      L.marker([one.group.lat, one.group.lon], {
        icon: L.divIcon({ className: "", iconSize: [0, 0], html: holder }), keyboard: false, interactive: false,
      }).addTo(marks);
    }
  }

  Promise.all([asJson(frame.dataset.coast), asJson(frame.dataset.points)]).then(([coast, points]) => {
    const all = L.latLngBounds(points.map((point) => [point.lat, point.lon]));
    const alone = points.length > 0 && !points[0].href;
    map.fitBounds(alone ? all.pad(0.3) : L.latLngBounds(COAST_EDGE), { maxZoom: 11, animate: false });
    drawCoast(coast);
    draw(points);
    map.on("zoomend", () => draw(points));
    frame.dataset.ready = "true";
  });
})();
