"""The JUnit XML that Jenkins, GitLab, GitHub's actions and others read, as a table: which elements, attributes and texts
there may be. Written after the schema that Jenkins' xunit plugin publishes (junit-10.xsd)."""

import re

NUMBER = re.compile(r"\d+")
SECONDS = re.compile(r"\d+\.\d+|\d+")
ANY = re.compile(r"(?s).*")

# element: (required attributes, other attributes, children)
SCHEMA = {
    "testsuites": ({}, {"name": ANY, "time": SECONDS, "tests": NUMBER, "failures": NUMBER, "disabled": NUMBER, "errors": NUMBER},
                   ("testsuite",)),
    "testsuite": ({"name": ANY, "tests": NUMBER},
                  {"failures": NUMBER, "errors": NUMBER, "time": SECONDS, "disabled": NUMBER, "skipped": NUMBER, "timestamp": ANY,
                   "hostname": ANY, "id": ANY, "package": ANY},
                  ("properties", "testcase", "system-out", "system-err")),
    "testcase": ({"name": ANY, "classname": ANY}, {"assertions": ANY, "time": SECONDS, "status": ANY},
                 ("skipped", "error", "failure", "system-out", "system-err")),
    "failure": ({}, {"type": ANY, "message": ANY}, ()),
    "error": ({}, {"type": ANY, "message": ANY}, ()),
    "skipped": ({}, {"type": ANY, "message": ANY}, ()),
    "system-out": ({}, {}, ()),
    "system-err": ({}, {}, ()),
}


def problems_of(element, parent=None):
    """What is not as the schema says; an empty list when all is."""
    if element.tag not in SCHEMA or (parent is None and element.tag not in ("testsuites", "testsuite")):
        return [f"<{element.tag}> may not be there"]
    required, others, children = SCHEMA[element.tag]
    problems = [f"<{element.tag}> has no {name}" for name in required if name not in element.attrib]
    for name, value in element.attrib.items():
        form = required.get(name) or others.get(name)
        if form is None:
            problems.append(f"<{element.tag}> has {name}")
        elif not form.fullmatch(value):
            problems.append(f"<{element.tag}> has {name}={value!r}")
    for child in element:
        if child.tag not in children:
            problems.append(f"<{child.tag}> in <{element.tag}>")
        else:
            problems += problems_of(child, element)
    if element.tag == "testsuite":
        cases = element.findall("testcase")
        counts = {"tests": len(cases), "failures": len(element.findall("testcase/failure")), "skipped": len(element.findall("testcase/skipped"))}
        problems += [f"{name}={element.get(name)}, but there are {count}" for name, count in counts.items() if element.get(name) != str(count)]
    return problems
