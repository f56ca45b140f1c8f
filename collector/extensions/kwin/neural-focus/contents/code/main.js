// Tells the agent which window holds the focus. Plasma 6 and, by its older names, Plasma 5.
// One home of these: collector/desktop_focus.py. A test compares.
var NAME = "org.neuralfocus.Agent";
var PATH = "/org/neuralfocus/Agent";
var INTERFACE = "org.neuralfocus.Focus1";

var followed = null;

function report() {
    var w = followed;
    if (w === null) {
        callDBus(NAME, PATH, INTERFACE, "Focused", "", "", "", "");
        return;
    }
    var app = w.desktopFileName || w.resourceClass;
    callDBus(NAME, PATH, INTERFACE, "Focused",
        String(w.internalId), String(app).replace(/\.desktop$/, ""), String(w.caption), String(w.pid));
}

function follow(w) {
    if (followed !== null)
        followed.captionChanged.disconnect(report);
    followed = w || null;
    if (followed !== null)
        followed.captionChanged.connect(report);
    report();
}

(workspace.windowActivated || workspace.clientActivated).connect(follow);
follow(workspace.activeWindow || workspace.activeClient);
