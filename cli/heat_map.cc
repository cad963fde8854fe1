// The page decides nothing: it holds every verdict, each kind of it once, and only draws.
#include "cli/heat_map.h"

#include <fmt/format.h>

#include "sim/base/json.h"

namespace mdevsim::cli {
namespace {

constexpr std::string_view kStyle = R"(<style>
body { font: 15px/1.5 sans-serif; margin: 1.5em; color: #222; background: #fff; }
h1 { font-size: 1.3em; }
main { display: flex; flex-wrap: wrap; gap: 1.5em; align-items: flex-start; }
canvas { image-rendering: pixelated; border: 1px solid #888; cursor: crosshair; }
#why { flex: 1 1 22em; min-width: 18em; max-width: 46em; overflow-wrap: anywhere; }
.key { display: inline-block; width: 0.9em; height: 0.9em; margin: 0 0.3em 0 1em; border: 1px solid #888; }
ol, ul { padding-left: 1.5em; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
)";

constexpr std::string_view kScript = R"(
const colours = ["#3b6fb5", "#5aa469", "#e8b84a", "#c5483f"];
const height = data.rows.length;
const width = Math.max(1, ...data.rows.map((row) => row.cells.length));
const size = (count) => Math.max(1, Math.min(40, Math.floor(800 / Math.max(1, count))));
const scale = { x: size(width), y: size(height) };
const map = document.getElementById("map");
const why = document.getElementById("why");
let kept = null;

function element(parent, name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

data.answers.forEach((answer, i) => {
  const legend = document.getElementById("legend");
  const key = element(legend, "span");
  key.className = "key";
  key.style.background = colours[i];
  element(legend, "span", answer);
});

map.width = width * scale.x;
map.height = height * scale.y;
const pen = map.getContext("2d");
function draw(row, column) {
  pen.fillStyle = colours[data.verdicts[data.rows[row].cells[column]][0]];
  pen.fillRect(column * scale.x, row * scale.y, scale.x, scale.y);
}
for (let row = 0; row < height; ++row) data.rows[row].cells.forEach((_, column) => draw(row, column));

function tell(row, column) {
  const from = data.rows[row];
  const [answer, ...lines] = data.verdicts[from.cells[column]];
  const to = data.targets[from.first + column];
  why.replaceChildren();
  element(why, "h2", [from.name, to.name].filter((name) => name).join(" \u2192 ") + ": " + data.answers[answer]);
  const list = element(why, answer === 2 ? "ol" : "ul");
  for (const line of lines) element(list, "li", data.lines[line]);
  for (const side of [from, to]) if (side.about) element(why, "p", side.about);
}
// The cell that is nearest to a place on the map.
function cell(row, column) {
  const within = (x, count) => Math.max(0, Math.min(count - 1, x));
  const at = within(row, height);
  return [at, within(column, data.rows[at].cells.length)];
}
function cellAt(event) {
  const box = map.getBoundingClientRect();
  return cell(Math.floor((event.clientY - box.top - 1) / scale.y), Math.floor((event.clientX - box.left - 1) / scale.x));
}
function keep(row, column) {
  if (kept) draw(...kept);
  kept = [row, column];
  pen.strokeStyle = "#000";
  pen.strokeRect(column * scale.x + 0.5, row * scale.y + 0.5, scale.x - 1, scale.y - 1);
  tell(row, column);
}
if (height > 0) {
  map.addEventListener("mousemove", (event) => { if (!kept) tell(...cellAt(event)); });
  map.addEventListener("click", (event) => {
    const at = cellAt(event);
    if (kept && kept[0] === at[0] && kept[1] === at[1]) { draw(...kept); kept = null; } else keep(...at);
  });
  map.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const [row, column] = kept || [0, 0];
    keep(...cell(row + move[0], column + move[1]));
  });
  if (data.kept) keep(...data.kept);
}
</script>
</body>
</html>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out += c;
    }
  }
  return out;
}

// As a string of a script inside of HTML: no tag can begin in it.
std::string script_string(std::string_view text) {
  std::string out;
  for (const char c : json_string(text)) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::size_t HeatMap::Table::add(const std::string& item) {
  const auto [found, is_new] = places_.emplace(item, places_.size());
  if (is_new) items_ += (places_.size() == 1 ? "" : ",\n") + item;
  return found->second;
}

HeatMap::HeatMap(std::string title, std::string hint)
    : title_(std::move(title)), hint_(std::move(hint)) {}

void HeatMap::add_target(std::string_view name, std::string_view about) {
  targets_ += fmt::format(R"({}{{"name": {}, "about": {}}})", targets_.empty() ? "" : ",\n",
                          script_string(name), script_string(about));
}

void HeatMap::add_row(std::string_view name, std::string_view about, std::size_t first_target) {
  rows_ += fmt::format(R"({}{{"name": {}, "about": {}, "first": {}, "cells": [)",
                       row_count_ == 0 ? "" : "]},\n", script_string(name), script_string(about),
                       first_target);
  ++row_count_;
  cell_count_ = 0;
}

void HeatMap::add_cell(model::Answer answer, const std::vector<std::string>& lines) {
  std::string verdict = fmt::format("[{}", static_cast<int>(answer));
  for (const std::string& line : lines)
    verdict += fmt::format(",{}", lines_.add(script_string(line)));
  rows_ += fmt::format("{}{}", cell_count_ == 0 ? "" : ",", verdicts_.add(verdict + "]"));
  ++cell_count_;
}

void HeatMap::keep_cell() { kept_ = fmt::format("[{}, {}]", row_count_ - 1, cell_count_ - 1); }

std::string HeatMap::html() const {
  std::string answers;
  for (const auto answer : {model::Answer::identical, model::Answer::compatible,
                            model::Answer::configurable, model::Answer::incompatible}) {
    answers += (answers.empty() ? "" : ", ") + script_string(model::answer_phrase(answer));
  }
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n{1}</head>\n"
      "<body>\n<h1>{0}</h1>\n<p>{2} Point at a cell to read why; click to keep it, then move with "
      "the arrow keys.</p>\n<p id=\"legend\"></p>\n"
      "<main><canvas id=\"map\" tabindex=\"0\" aria-label=\"heat map of verdicts\"></canvas>"
      "<div id=\"why\" aria-live=\"polite\"></div></main>\n{3}<script>\n\"use strict\";\n"
      "const data = {{\n\"answers\": [{4}],\n\"targets\": [{5}],\n\"lines\": [{6}],\n"
      "\"verdicts\": [{7}],\n\"rows\": [{8}],\n\"kept\": {9}\n}};\n{10}",
      escaped(title_), kStyle, escaped(hint_),
      text_.empty() ? "" : fmt::format("<pre>{}</pre>\n", escaped(text_)), answers, targets_,
      lines_.items(), verdicts_.items(), row_count_ == 0 ? "" : rows_ + "]}", kept_, kScript);
}

}  // namespace mdevsim::cli
