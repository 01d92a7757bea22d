using System.Globalization;
using System.Text;

namespace Keyway.Cdm.FakeHost;

/// <summary>The actions of a script.</summary>
/// <remarks>
/// <code>
/// timers    set MS (the log says when it is over)
/// when      after MS | thread | thread-join | early | hold     the rest of the list: when a timer runs out; on a thread of its own; the same, waited for; on one older than the sandbox; at "release"
/// answers   initialized [0] | session [ID] | no-session | resolve [PROMISE] | reject EXCEPTION CODE TEXT | status N
/// sessions  message TYPE TEXT | message-of SIZE | keys KID=STATUS,… | keys-of COUNT | learn | request | expire SECONDS | closed
/// questions storage-id VERSION | outputs | enable MASK | challenge | metric NAME VALUE | deferred | destructor SLOT | wall | allocate BYTES | allocate-kept BYTES
/// files     open NAME | open-of LENGTH | read | write TEXT | write-of LENGTH | close
/// ends      crash | abort | exit CODE | hang
/// tries     try WHAT [ARGUMENT]                                what a sandbox should not let it do; the log says what came of it
/// and       release | report (the log as a message) | by-itself | note TEXT | sleep MS | repeat N ACTION…
/// </code>
/// </remarks>
internal sealed class FakeActions(FakeModule module)
{
    /// <summary>Does them one after the other.</summary>
    public void Run(string method, string[] actions, FakeCall call)
    {
        for (int i = 0; i < actions.Length; i++)
        {
            string[] words = actions[i].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] rest = actions[(i + 1)..];
            switch (words)
            {
                case ["after", string milliseconds]:
                    module.After(Number(milliseconds), () => Run(method, rest, call));
                    return;
                case ["thread"]:
                    new Thread(() => Run(method, rest, call)) { IsBackground = true }.Start();
                    return;
                case ["thread-join"]:
                    Thread thread = new(() => Run(method, rest, call)) { IsBackground = true };
                    thread.Start();
                    thread.Join();
                    return;
                case ["early"]:
                    EarlyThread.Do(() => Run(method, rest, call));
                    return;
                case ["hold"]:
                    module.Hold(() => Run(method, rest, call));
                    return;
                case ["repeat", string times, .. string[] action]:
                    for (long left = Number(times); left > 0; left--) Do(method, action, call);
                    break;
                case ["open" or "open-of", ..]:
                    // What follows is of this file.
                    FakeFile file = new(module, call);
                    file.Open(words[0] == "open" ? string.Join(' ', words[1..]) : new string('a', (int)Number(words[1])));
                    call = file.Call;
                    break;
                default:
                    Do(method, words, call);
                    break;
            }
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private void Do(string method, string[] words, FakeCall call)
    {
        FakeHostCalls host = module.Host;
        string text = string.Join(' ', words.Skip(1));
        switch (words)
        {
            case ["initialized", .. string[] success]: host.OnInitialized(success is not ["0"]); break;
            case ["session"]: host.OnResolveNewSessionPromise(call.Promise, call.Session); break;
            case ["session", string id]: host.OnResolveNewSessionPromise(call.Promise, id); break;
            case ["no-session"]: host.OnResolveNewSessionPromise(call.Promise, null); break;
            case ["resolve"]: host.OnResolvePromise(call.Promise); break;
            case ["resolve", string promise]: host.OnResolvePromise((uint)Number(promise)); break;
            case ["reject", string exception, string code, .. string[] reason]:
                host.OnRejectPromise(call.Promise, (uint)Number(exception), (uint)Number(code), string.Join(' ', reason));
                break;
            case ["status", string status]: host.OnResolveKeyStatusPromise(call.Promise, (uint)Number(status)); break;
            case ["message", string type, .. string[] message]: host.OnSessionMessage(call.Session, (uint)Number(type), Encoding.UTF8.GetBytes(string.Join(' ', message))); break;
            case ["message-of", string size]: host.OnSessionMessage(call.Session, 0, new byte[Math.Min(Number(size), 8 << 20)], (uint)Number(size)); break;
            case ["keys", string keys]:
                host.OnSessionKeysChange(call.Session, true, [.. keys.Split(',').Select(key => key.Split('=')).Select(pair => (Convert.FromHexString(pair[0]), (uint)Number(pair[1])))]);
                break;
            case ["keys-of", string count]: host.OnSessionKeysChange(call.Session, true, [], (uint)Number(count)); break;
            case ["learn"]: module.Defaults.Learn(call); break;
            case ["request"]: module.Defaults.Request(call); break;
            case ["expire", string seconds]: host.OnExpirationChange(call.Session, double.Parse(seconds, CultureInfo.InvariantCulture)); break;
            case ["closed"]: host.OnSessionClosed(call.Session); break;
            case ["storage-id", string version]: host.RequestStorageId((uint)Number(version)); break;
            case ["outputs"]: host.QueryOutputProtectionStatus(); break;
            case ["enable", string mask]: host.EnableOutputProtection((uint)Number(mask)); break;
            case ["challenge"]: host.SendPlatformChallenge("service", "challenge"); break;
            case ["metric", string name, string value]: host.ReportMetrics((uint)Number(name), (ulong)Number(value)); break;
            case ["deferred"]: host.OnDeferredInitializationDone(0, 0); break;
            case ["destructor", string slot]: host.CallDestructor((int)Number(slot)); break;
            case ["wall"]: module.Log(string.Create(CultureInfo.InvariantCulture, $"wall {host.GetCurrentWallTime():F3}")); break;
            case ["allocate", string bytes]: FakeDecryption.LogAllocation(module, (uint)Number(bytes)); break;
            case ["allocate-kept", string bytes]: _ = host.Allocate((uint)Number(bytes)); break;
            case ["read"]: call.File?.Read(); break;
            case ["write", ..]: call.File?.Write(Encoding.UTF8.GetBytes(text)); break;
            case ["write-of", string length]: call.File?.Write(new byte[Number(length)]); break;
            case ["close"]: call.File?.Close(); break;
            case ["crash"]: FakeSyscalls.Crash(); break;
            case ["abort"]: FakeSyscalls.Abort(); break;
            case ["exit", string code]: FakeSyscalls.Exit((int)Number(code)); break;
            case ["hang"]: Thread.Sleep(Timeout.Infinite); break;
            case ["set", string milliseconds]: module.After(Number(milliseconds), () => module.Log($"over {milliseconds}")); break;
            case ["sleep", string milliseconds]: Thread.Sleep((int)Number(milliseconds)); break;
            case ["try", string what, .. string[] argument]: FakeSyscalls.Try(module, what, string.Join(' ', argument)); break;
            case ["release"]: module.Release(); break;
            case ["report"]: host.OnSessionMessage(call.Session, 0, Encoding.UTF8.GetBytes(module.Lines)); break;
            case ["by-itself"]: module.Defaults.Run(method, call); break;
            case ["note", ..]: module.Log(text); break;
            default: module.Log($"no such action: {string.Join(' ', words)}"); break;
        }
    }
}
