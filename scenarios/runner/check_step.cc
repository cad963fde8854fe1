#include "scenarios/runner/check_step.h"

namespace mdevsim::scenario {
namespace {

// All who are parallel would take them from one another.
void refuse_events(const Step& step, config::Report& report) {
  if (step.verb == Verb::event) {
    report.error(step.where, "a step of a parallel group cannot wait for an event",
                 "write the `event` step behind the group: events are kept");
  }
  for (const Step& inner : step.steps) refuse_events(inner, report);
}

}  // namespace

void check_single(const Step& step, config::Report& report) {
  if (step.copies == 1 && step.expect.outcomes.empty()) return;
  report.error(step.where, "only a member of a parallel group has copies",
               "write `copies` and `outcomes` into an item of `parallel`; one after another is "
               "`repeat`");
}

void check_member(const Step& step, config::Report& report) {
  refuse_events(step, report);
  if (!step.save.empty()) {
    report.error(step.where, "what a step of a parallel group saves, no later step can see",
                 "read it again in a step behind the group");
  }
  if (step.counts && !step.expect.outcomes.empty()) {
    report.error(step.where, "a copy that is repeated ends more than once: `outcomes` counts ends",
                 "write `repeat` into the step that has the group");
  }
}

}  // namespace mdevsim::scenario
