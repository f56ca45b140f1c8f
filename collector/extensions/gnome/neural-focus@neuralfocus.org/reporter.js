// Tells the agent which window holds the focus. No GNOME Shell in here: tests run this file under plain gjs.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

// One home: collector/desktop_focus.py. A test compares.
export const NAME = 'org.neuralfocus.Agent';
export const PATH = '/org/neuralfocus/Agent';
export const INTERFACE = 'org.neuralfocus.Focus1';
export const SIGNATURE = '(ssss)';

const NONE = {window: '', app: '', title: '', pid: ''};

export class Reporter {
    /** `read` returns {window, app, title, pid}, all text, or null when no window holds the focus. */
    constructor(read, connection = Gio.DBus.session) {
        this._read = read;
        this._connection = connection;
        this._there = false;
        this._watch = Gio.bus_watch_name_on_connection(
            connection, NAME, Gio.BusNameWatcherFlags.NONE,
            () => {
                this._there = true;
                this.report();
            },
            () => {
                this._there = false;
            });
    }

    /** Tells how things are now; nothing happens while no agent runs. */
    report() {
        if (!this._there)
            return;
        const {window, app, title, pid} = this._read() ?? NONE;
        const told = new GLib.Variant(SIGNATURE, [window, app, title, pid]);
        this._connection.call(
            NAME, PATH, INTERFACE, 'Focused', told, null, Gio.DBusCallFlags.NO_AUTO_START, -1, null,
            (connection, result) => {
                try {
                    connection.call_finish(result);
                } catch (error) {
                    console.debug(`Neural Focus was not told: ${error.message}`);
                }
            });
    }

    stop() {
        Gio.bus_unwatch_name(this._watch);
        this._there = false;
    }
}
