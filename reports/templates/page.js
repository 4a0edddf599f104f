(function () {
"use strict";
var root = document.documentElement;
root.classList.add("js");
function all(selector, from) { return Array.from((from || document).querySelectorAll(selector)); }
function make(tag, text) { var node = document.createElement(tag); node.textContent = text; return node; }

// Light and dark: the reader's system decides until the button is pressed.
var theme = document.getElementById("theme");
theme.addEventListener("click", function () {
  var dark = root.dataset.theme ? root.dataset.theme === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

// Filter: panels and rows by task and horizon, rows by model, columns by target.
var byTask = document.getElementById("by-task"), byHorizon = document.getElementById("by-horizon");
var byTarget = document.getElementById("by-target"), byModel = document.getElementById("by-model");
var shown = document.getElementById("shown");
function nameOf(row) {
  var head = row.querySelector("th bdi");
  return head ? head.textContent.toLowerCase() : "";
}
function filter() {
  var task = byTask ? byTask.value : "", horizon = byHorizon ? byHorizon.value : "";
  var target = byTarget ? byTarget.value : "";
  var words = byModel.value.toLowerCase().split(/\s+/).filter(Boolean);
  var count = 0, total = 0;
  function other(node) {
    return (task && node.dataset.task !== undefined && node.dataset.task !== task)
      || (horizon && node.dataset.h !== undefined && node.dataset.h !== horizon)
      || (target && node.dataset.of !== undefined && node.dataset.of !== target);
  }
  all("[data-task],[data-h],[data-of]").forEach(function (node) { node.hidden = Boolean(other(node)); });
  all("tbody tr[data-m]").forEach(function (row) {
    var off = other(row);
    if (words.length && !off) {
      var name = nameOf(row);
      off = !words.every(function (word) { return name.includes(word); });
    }
    row.hidden = Boolean(off);
    if (row.closest("#t-leaderboard")) { total += 1; count += off ? 0 : 1; }
  });
  all("table").forEach(function (table) {
    all("thead th[data-t]", table).forEach(function (head) {
      var off = Boolean(target) && head.dataset.t !== target;
      if (head.hidden === off) { return; }
      head.hidden = off;
      Array.from(table.tBodies[0].rows).forEach(function (row) {
        row.cells[head.cellIndex].hidden = off;
      });
    });
  });
  shown.textContent = count === total ? "" : count + " of " + total + " rows";
}
[byTask, byHorizon, byTarget].forEach(function (node) {
  if (node) { node.addEventListener("change", filter); }
});
byModel.addEventListener("input", filter);

// Sort: a click or Enter on a head; text that is no number sorts after numbers.
function valueOf(cell) {
  var text = cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent;
  var number = parseFloat(text.replace(/\u2212/g, "-").replace(/^[^\d.\-]+/, ""));
  return isNaN(number) ? Infinity : number;
}
function sortBy(head) {
  var table = head.closest("table"), body = table.tBodies[0], at = head.cellIndex;
  var up = head.getAttribute("aria-sort") !== "ascending";
  var numeric = head.classList.contains("n"), sign = up ? 1 : -1;
  var rows = Array.from(body.rows).map(function (row, i) {
    var cell = row.cells[at];
    return { row: row, i: i, key: numeric ? valueOf(cell) : cell.textContent };
  });
  rows.sort(function (a, b) {
    if (numeric) {
      if (a.key === b.key) { return a.i - b.i; }
      if (a.key === Infinity) { return 1; }
      if (b.key === Infinity) { return -1; }
      return sign * (a.key - b.key);
    }
    return sign * a.key.localeCompare(b.key, "en", { numeric: true }) || a.i - b.i;
  });
  all("th[aria-sort]", table).forEach(function (other) { other.removeAttribute("aria-sort"); });
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  rows.forEach(function (entry) { entry.row.classList.remove("apart"); body.append(entry.row); });
}
all(".sortable thead th").forEach(function (head) {
  head.tabIndex = 0;
  head.addEventListener("click", function () { sortBy(head); });
  head.addEventListener("keydown", function (event) {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sortBy(head); }
  });
});

// Point at a model, or focus it, and it lights up wherever it stands, with those no test
// separates from it.
var figures = all("svg.cf").map(function (svg) {
  var marks = [], bar = null;
  all("[data-m]", svg).forEach(function (node) {
    var models = node.dataset.m.split(" ");
    if (node.classList.contains("bar")) { bar = models; }
    var within = node.classList.contains("member") || node.classList.contains("spanned") ? bar : null;
    marks.push({ node: node, models: models, within: within, bar: node.classList.contains("bar") });
  });
  return { svg: svg, marks: marks };
});
var rowsOf = new Map();
all("tr[data-m],bdi[data-m]").forEach(function (node) {
  if (!rowsOf.has(node.dataset.m)) { rowsOf.set(node.dataset.m, []); }
  rowsOf.get(node.dataset.m).push(node);
});
var current = null;
function light(key) {
  if (key === current) { return; }
  (rowsOf.get(current) || []).forEach(function (node) { node.classList.remove("lit"); });
  (rowsOf.get(key) || []).forEach(function (node) { node.classList.add("lit"); });
  figures.forEach(function (figure) {
    var friends = new Set([key]);
    var here = key !== null && figure.marks.some(function (mark) { return mark.models.includes(key); });
    figure.marks.forEach(function (mark) {
      if (here && mark.bar && mark.models.includes(key)) { mark.models.forEach(friends.add, friends); }
    });
    if (!here && !figure.svg.classList.contains("dim")) { return; }
    figure.svg.classList.toggle("dim", here);
    figure.marks.forEach(function (mark) {
      var on = here && (mark.bar ? mark.models.includes(key)
        : mark.within ? mark.within.includes(key) : friends.has(mark.models[0]));
      mark.node.classList.toggle("on", on);
      mark.node.classList.toggle("self", here && mark.models.length === 1 && mark.models[0] === key);
    });
  });
  current = key;
}
function keyOf(node) {
  var near = node && node.closest ? node.closest("[data-m]") : null;
  return near && !near.dataset.m.includes(" ") ? near.dataset.m : null;
}
document.addEventListener("pointerover", function (event) { light(keyOf(event.target)); });
document.addEventListener("focusin", function (event) { light(keyOf(event.target)); });
all("svg.cf text.name[data-m]").forEach(function (node) { node.setAttribute("tabindex", "0"); });

// Downloads: a figure as SVG in the colours seen, a table as CSV with the rows seen.
function follow(name, href) {
  var link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
}
function save(name, type, text) {
  follow(name, "data:" + type + ";charset=utf-8," + encodeURIComponent(text));
}
var PAINT = ["fill", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "font-family",
  "font-weight", "font-style", "paint-order"];
function standalone(svg) {
  light(null);
  var copy = svg.cloneNode(true), from = all("*", svg), to = all("*", copy);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  from.forEach(function (node, i) {
    var style = window.getComputedStyle(node);
    PAINT.forEach(function (name) {
      var value = style.getPropertyValue(name);
      if (value && value !== "normal") { to[i].setAttribute(name, value); }
    });
    to[i].removeAttribute("tabindex");
  });
  return new XMLSerializer().serializeToString(copy);
}
function csv(table) {
  return Array.from(table.rows).filter(function (row) { return !row.hidden; }).map(function (row) {
    return Array.from(row.cells).filter(function (cell) { return !cell.hidden; }).map(function (cell) {
      var text = cell.dataset.v !== undefined ? cell.dataset.v
        : cell.textContent.trim().replace(/\u2212/g, "-");
      // A spreadsheet must not take a name for a formula.
      if (!cell.classList.contains("n") && /^[=+\-@\t\r]/.test(text)) { text = "'" + text; }
      return '"' + text.replace(/"/g, '""') + '"';
    }).join(",");
  }).join("\r\n") + "\r\n";
}
// A picture as PNG at twice its size: the same SVG, painted by the browser itself.
function painted(svg, done) {
  var image = new Image(), box = svg.viewBox.baseVal;
  image.addEventListener("load", function () {
    var canvas = document.createElement("canvas"), brush = canvas.getContext("2d");
    canvas.width = 2 * box.width;
    canvas.height = 2 * box.height;
    brush.fillStyle = window.getComputedStyle(document.body).backgroundColor;
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(image, 0, 0, canvas.width, canvas.height);
    done(canvas.toDataURL("image/png"));
  });
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(standalone(svg));
}
function seen(figure) {
  return all("svg", figure).find(function (svg) { return svg.getClientRects().length > 0; });
}
all("figure[data-name]").forEach(function (figure) {
  var tools = make("div", ""), name = figure.dataset.name;
  var numbers = figure.querySelector("template");
  tools.className = "tools";
  function offer(kind, act) {
    var button = make("button", "Save " + kind);
    button.type = "button";
    button.setAttribute("aria-label", "Save " + kind + " of " + name.replace(/-/g, " "));
    button.addEventListener("click", act);
    tools.append(button);
  }
  if (figure.classList.contains("picture")) {
    offer("SVG", function () { save(name + ".svg", "image/svg+xml", standalone(seen(figure))); });
    offer("PNG", function () {
      painted(seen(figure), function (href) { follow(name + ".png", href); });
    });
    if (numbers) {
      offer("CSV", function () { save(name + ".csv", "text/csv", numbers.content.textContent); });
    }
  } else {
    offer("CSV", function () { save(name + ".csv", "text/csv", csv(figure.querySelector("table"))); });
  }
  figure.append(tools);
});

// Folded details are printed, but for the lists of cells, and folded again afterwards.
var unfolded = [];
window.addEventListener("beforeprint", function () {
  unfolded = all("details:not([open])").filter(function (node) { return !node.closest("#lineage"); });
  unfolded.forEach(function (node) { node.open = true; });
});
window.addEventListener("afterprint", function () {
  unfolded.forEach(function (node) { node.open = false; });
});

// A link into folded details opens them.
function reveal() {
  var node = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  for (var up = node; up; up = up.parentElement) { if (up.tagName === "DETAILS") { up.open = true; } }
  if (node) { node.scrollIntoView({ block: "center" }); }
}
window.addEventListener("hashchange", reveal);
if (location.hash) { reveal(); }
})();
