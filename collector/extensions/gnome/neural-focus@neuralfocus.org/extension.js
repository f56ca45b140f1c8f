import Shell from 'gi://Shell';
import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';

import {Reporter} from './reporter.js';

function describe(window) {
    const app = Shell.WindowTracker.get_default().get_window_app(window);
    // An app without a .desktop file is numbered by its window: its class names it better.
    const id = app && !app.is_window_backed() ? app.get_id() : null;
    return {
        window: `${window.get_id()}`,
        app: (id ?? window.get_wm_class() ?? '').replace(/\.desktop$/, ''),
        title: window.get_title() ?? '',
        pid: `${window.get_pid()}`,
    };
}

export default class NeuralFocusExtension extends Extension {
    enable() {
        this._window = null;
        this._titled = 0;
        this._reporter = new Reporter(() => this._window && describe(this._window));
        this._focused = global.display.connect('notify::focus-window', () => this._follow());
        this._follow();
    }

    disable() {
        global.display.disconnect(this._focused);
        this._leave();
        this._reporter.stop();
        this._reporter = null;
    }

    _follow() {
        this._leave();
        this._window = global.display.focus_window;
        if (this._window)
            this._titled = this._window.connect('notify::title', () => this._reporter.report());
        this._reporter.report();
    }

    _leave() {
        if (this._titled)
            this._window.disconnect(this._titled);
        this._titled = 0;
        this._window = null;
    }
}
