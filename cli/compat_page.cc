// The heat map of `mdevsim compat --matrix --format html`. The page decides nothing: it holds every
// verdict, each kind of it once, and only draws.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "cli/compat_output.h"
#include "cli/json.h"
#include "sim/model/configuration.h"

namespace mdevsim::cli {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>mdevsim compat</title>
<style>
body { font: 15px/1.5 sans-serif; margin: 1.5em; color: #222; background: #fff; }
h1 { font-size: 1.3em; }
main { display: flex; flex-wrap: wrap; gap: 1.5em; align-items: flex-start; }
canvas { image-rendering: pixelated; border: 1px solid #888; cursor: crosshair; }
#why { flex: 1 1 22em; min-width: 18em; max-width: 46em; overflow-wrap: anywhere; }
.key { display: inline-block; width: 0.9em; height: 0.9em; margin: 0 0.3em 0 1em; border: 1px solid #888; }
ol, ul { padding-left: 1.5em; }
</style>
</head>
<body>
<h1 id="title"></h1>
<p>The source's version from top to bottom, the target's from left to right. Point at a pair to read why;
click to keep it, then move with the arrow keys.</p>
<p id="legend"></p>
<main><canvas id="map" tabindex="0" aria-label="heat map of verdicts"></canvas><div id="why" aria-live="polite"></div></main>
<script>
"use strict";
const data = )";

constexpr std::string_view kTail = R"(;
const colours = ["#3b6fb5", "#5aa469", "#e8b84a", "#c5483f"];
const size = data.versions.length;
const scale = Math.max(1, Math.min(40, Math.floor(800 / Math.max(1, size))));
const map = document.getElementById("map");
const why = document.getElementById("why");
let kept = null;

function element(parent, name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

document.getElementById("title").textContent = data.model + ": " + size + " versions";
data.answers.forEach((answer, i) => {
  const legend = document.getElementById("legend");
  const key = element(legend, "span");
  key.className = "key";
  key.style.background = colours[i];
  element(legend, "span", answer);
});

map.width = map.height = size * scale;
const pen = map.getContext("2d");
function draw(source, target) {
  pen.fillStyle = colours[data.verdicts[data.rows[source][target]][0]];
  pen.fillRect(target * scale, source * scale, scale, scale);
}
for (let s = 0; s < size; ++s) for (let t = 0; t < size; ++t) draw(s, t);

function tell(source, target) {
  const [answer, ...lines] = data.verdicts[data.rows[source][target]];
  const from = data.versions[source], to = data.versions[target];
  why.replaceChildren();
  element(why, "h2", "version " + from.number + " \u2192 version " + to.number + ": " + data.answers[answer]);
  const list = element(why, answer === 2 ? "ol" : "ul");
  for (const line of lines) element(list, "li", data.lines[line]);
  element(why, "p", "source: " + from.configuration);
  element(why, "p", "target: " + to.configuration);
}
function pair(event) {
  const box = map.getBoundingClientRect();
  const at = (x) => Math.max(0, Math.min(size - 1, Math.floor(x / scale)));
  return [at(event.clientY - box.top - 1), at(event.clientX - box.left - 1)];
}
function keep(source, target) {
  if (kept) draw(...kept);
  kept = [source, target];
  pen.strokeStyle = "#000";
  pen.strokeRect(target * scale + 0.5, source * scale + 0.5, scale - 1, scale - 1);
  tell(source, target);
}
map.addEventListener("mousemove", (event) => { if (!kept) tell(...pair(event)); });
map.addEventListener("click", (event) => {
  const at = pair(event);
  if (kept && kept[0] === at[0] && kept[1] === at[1]) { draw(...kept); kept = null; } else keep(...at);
});
map.addEventListener("keydown", (event) => {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!move) return;
  event.preventDefault();
  const [source, target] = kept || [0, 0];
  keep(Math.max(0, Math.min(size - 1, source + move[0])), Math.max(0, Math.min(size - 1, target + move[1])));
});
</script>
</body>
</html>
)";

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

// Numbers what is said, so that each thing is in the page once.
class Table {
 public:
  std::size_t add(const std::string& item) {
    const auto [found, is_new] = places_.emplace(item, places_.size());
    if (is_new) items_ += (places_.size() == 1 ? "" : ",\n") + item;
    return found->second;
  }
  const std::string& items() const { return items_; }

 private:
  std::map<std::string, std::size_t> places_;
  std::string items_;
};

}  // namespace

std::string matrix_page(const model::DeviceModel& model) {
  const auto& versions = model.versions();
  std::string described;
  for (const model::Version& version : versions) {
    described += fmt::format(R"({}{{"number": {}, "configuration": {}}})",
                             described.empty() ? "" : ",\n", version.number,
                             script_string(model::to_full_text(model, version.configuration)));
  }
  std::string answers;
  for (const auto answer : {model::Answer::identical, model::Answer::compatible,
                            model::Answer::configurable, model::Answer::incompatible}) {
    answers += (answers.empty() ? "" : ", ") + script_string(model::answer_phrase(answer));
  }
  Table lines;
  Table verdicts;
  std::string rows;
  for_each_pair(model, [&](std::size_t source, std::size_t target, const model::Verdict& verdict) {
    std::string kind = fmt::format("[{}", static_cast<int>(verdict.answer));
    for (const model::Step& step : verdict.steps)
      kind += fmt::format(",{}", lines.add(script_string(model::to_text(step))));
    for (const model::Reason& reason : verdict.reasons) {
      kind += fmt::format(
          ",{}",
          lines.add(script_string(model::to_text(reason, {model, versions[source].configuration},
                                                 {model, versions[target].configuration}))));
    }
    if (target == 0) rows += source == 0 ? "[" : "],\n[";
    rows += fmt::format("{}{}", target == 0 ? "" : ",", verdicts.add(kind + "]"));
  });
  if (!rows.empty()) rows += "]";
  return fmt::format(
      "{}{{\n\"model\": {},\n\"answers\": [{}],\n\"versions\": [{}],\n\"lines\": [{}],\n"
      "\"verdicts\": [{}],\n\"rows\": [{}]\n}}{}",
      kHead, script_string(model.name()), answers, described, lines.items(), verdicts.items(), rows,
      kTail);
}

}  // namespace mdevsim::cli
