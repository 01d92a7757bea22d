using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Keyway.Sandbox.ExpressPlay;
using Keyway.Sandbox.Widevine;

namespace Keyway.Sandbox;

/// <summary>What the command line says.</summary>
internal sealed record SandboxOptions
{
    /// <summary>How to call the sandbox.</summary>
    public const string Usage = """
        Keyway's licence services for development, on loopback only.

          --port N      the port; 0: any free one                              (8797)
          --keys FILE   more content keys, in the form of samples/keys.json; may be given several times
          --data DIR    where the sandbox keeps its own files, for its user only (sandbox in keyway in the user's local data); a folder that
                        is there keeps its mode
          --live        the sample as a presentation that grows, with rotating keys, at /live/manifest.mpd and, as HLS, at
                        /live/master.m3u8
          --widevine Q  terms of every Widevine licence, in the form of a query: license_duration_seconds=60&can_renew=1
          --expressplay Q      the same for ExpressPlay: test_authenticator=  production_authenticator=  credits=  token_code=  and so on
          --production-port N  a second port, on which ExpressPlay is its production environment and not its test environment
          --allow-origin ORIGIN  a page of this origin may use the sandbox, beside those of this machine: https://app.example; null for pages
                        that are files; may be given several times
          --fault PATH=PARTS   a fault for every request to this address: --fault /hms/wv/token=status:503,times:2; may be given several times
          --control TEXT  lets whoever knows this text change such faults while the sandbox runs: PUT /control/TEXT/faults, a line each, PATH=PARTS
                        or PATH?QUERY, which is added to the query of every request to this address; an empty body ends them
          --ready -     for a parent process: one JSON line on standard output when it listens,
                        {"url":"http://127.0.0.1:8797/","pid":1}, and it ends when its standard input closes

        Everything else that it says goes to standard error. GET / tells what it serves.

          credential    first of all arguments: issues a device and ends; credential --help
        """;

    /// <summary>What to say when there is no folder for <see cref="Data"/>.</summary>
    public const string NoData = "--data: this user has no folder for local data, so one must be named";

    /// <summary>The port to listen on; 0: any free one.</summary>
    public int Port { get; init; } = 8797;

    /// <summary>Whether a parent process waits for the ready line and holds standard input open.</summary>
    public bool IsChild { get; init; }

    /// <summary>Whether the live mode is on.</summary>
    public bool IsLive { get; init; }

    /// <summary>Files with more content keys.</summary>
    public IReadOnlyList<string> KeyFiles { get; init; } = [];

    /// <summary>Terms of every Widevine licence.</summary>
    public IReadOnlyDictionary<string, string> Widevine { get; init; } = new Dictionary<string, string>();

    /// <summary>What is said of ExpressPlay.</summary>
    public ServiceOptions ExpressPlay { get; init; } = new();

    /// <summary>The port of ExpressPlay's production environment; 0: any free one; <see langword="null"/>: it has none.</summary>
    public int? ProductionPort { get; init; }

    /// <summary>Faults that requests need not ask for: paths, and what happens there.</summary>
    public IReadOnlyList<KeyValuePair<string, Fault>> Faults { get; init; } = [];

    /// <summary>What whoever changes faults while the sandbox runs has to know; empty: nobody can.</summary>
    public string Control { get; init; } = "";

    /// <summary>Origins whose pages may use the sandbox, beside those of this machine.</summary>
    public IReadOnlyCollection<WebOrigin> AllowedOrigins { get; init; } = [];

    /// <summary>The data folder.</summary>
    public string Data { get; init; } = "";

    /// <summary>Reads the command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="options">What they say.</param>
    /// <param name="message">What is wrong with them, or the usage.</param>
    /// <returns><see langword="false"/>: there is nothing to run.</returns>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out SandboxOptions? options, out string message)
    {
        options = null;
        message = Usage;
        SandboxOptions read = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            if (args[i] is "--help" or "-h") return false;
            if (args[i] is "--live")
            {
                read = read with { IsLive = true };
                i--;
                continue;
            }

            if (i + 1 == args.Length) return Fail($"{args[i]}: a value is missing, or there is no such option", out message);

            string value = args[i + 1];
            switch (args[i])
            {
                case "--port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535:
                    read = read with { Port = port };
                    break;
                case "--production-port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535:
                    read = read with { ProductionPort = port };
                    break;
                case "--keys":
                    read = read with { KeyFiles = [.. read.KeyFiles, value] };
                    break;
                case "--allow-origin":
                    if (!WebOrigin.TryParse(value, out WebOrigin? origin)) return Fail($"{args[i]} {value}: expected an origin (https://host, http://host:port or null)", out message);
                    read = read with { AllowedOrigins = [.. read.AllowedOrigins, origin] };
                    break;
                case "--control" when value.Length is >= 16 and <= 128 && value.All(char.IsAsciiLetterOrDigit):
                    read = read with { Control = value };
                    break;
                case "--data":
                    read = read with { Data = value };
                    break;
                case "--widevine":
                case "--expressplay":
                case "--fault" when value.StartsWith('/') && value.Contains('=', StringComparison.Ordinal):
                    try
                    {
                        read = read.With(args[i], value);
                    }
                    catch (FormatException e)
                    {
                        return Fail($"{args[i]}: {e.Message}", out message);
                    }

                    break;
                case "--ready" when value == "-":
                    read = read with { IsChild = true };
                    break;
                default:
                    return Fail($"{args[i]} {value}: there is no such option or value", out message);
            }
        }

        if (read.Data.Length == 0)
        {
            if (!TryFindData(out string data)) return Fail(NoData, out message);
            read = read with { Data = data };
        }

        options = read;
        return true;
    }

    /// <summary>Finds the folder to use when none is named.</summary>
    /// <param name="data">The folder.</param>
    /// <returns><see langword="false"/>: this user has none.</returns>
    public static bool TryFindData(out string data)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        data = home.Length == 0 ? "" : Path.Combine(home, "keyway", "sandbox");
        return home.Length > 0;
    }

    private SandboxOptions With(string option, string value)
    {
        switch (option)
        {
            case "--widevine":
                LicenseTerms.Read([Parameters.Of(value)]);
                return this with { Widevine = Parameters.Of(value) };
            case "--expressplay":
                return this with { ExpressPlay = ServiceOptions.Read(Parameters.Of(value)) };
            default:
                int equals = value.IndexOf('=', StringComparison.Ordinal);
                return this with { Faults = [.. Faults, new(value[..equals], Fault.Parse(value[(equals + 1)..]))] };
        }
    }

    private static bool Fail(string what, out string message)
    {
        message = $"{what}\n\n{Usage}";
        return false;
    }
}
