using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cli.Leaks;

/// <summary>
/// What a run of <see cref="LeakTests"/> is made of: a device, secrets in a folder, a provider with a token, a header and a query, and a wire between client and
/// sandbox that plants what passes.
/// </summary>
internal sealed class LeakRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LeakCase _system;
    private readonly HttpClient _sandbox;
    private readonly LoopbackServer _wire;
    private readonly ConcurrentQueue<Exception> _faults = new();
    private int _exchanges;
    private string? _provider;

    private LeakRun(string system, string device, Uri sandbox)
    {
        (Name, _system) = (system, LeakCase.Of(system, device));
        _sandbox = new HttpClient { BaseAddress = sandbox };
        _wire = LoopbackServer.Answering(AnswerOrTell);
    }

    public LeakScan Scan { get; } = new();

    /// <summary>The key system's name.</summary>
    public string Name { get; }

    /// <summary>Settings, by their paths.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    public string Token { get; } = "tok-" + Secret();

    public string CustomData { get; } = "custom-" + Secret();

    public string Header { get; } = "header-" + Secret();

    public string Value { get; } = "value-" + Secret();

    /// <summary>Whether the service refuses, and repeats all that it was told.</summary>
    public bool Refuses { get; set; }

    /// <summary>Whether it refuses in plain words, and tells what it has made of what it was told: parts, and base64 of them.</summary>
    public bool InPlainWords { get; set; }

    /// <summary>What the sandbox is asked for besides; a fault, terms.</summary>
    public string Query { get; set; } = "";

    public int Exchanges => Volatile.Read(ref _exchanges);

    /// <summary>Where the run writes.</summary>
    public string Left => _folder.File("left");

    public static async Task<LeakRun> PrepareAsync(string system, Uri sandbox, string deviceQuery = "")
    {
        LeakRun run = new(system, deviceQuery, sandbox);
        Directory.CreateDirectory(run.Left);
        Directory.CreateDirectory(run._folder.File("secrets"));
        foreach (string label in (string[])["HD", "SD", "AUDIO"]) run.Scan.Plant($"content key {label}", Convert.FromHexString(Sample.Key(label)));
        foreach ((string name, string text) in new[] { ("the token", run.Token), ("the custom data", run.CustomData), ("the header", run.Header), ("the value", run.Value) })
            run.Scan.Plant(name, text[^16..]);
        byte[] store = RandomNumberGenerator.GetBytes(32);
        run.Keep("license-store", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(store)));
        run.Scan.Plant("the store's key", store);
        byte[] record = RandomNumberGenerator.GetBytes(32);
        run.Keep("record", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(record)));
        run.Scan.Plant("the record's key", record);
        run.Keep("tenant", Encoding.ASCII.GetBytes(run.Header));

        IReadOnlyDictionary<string, string> device = await run._system.DeviceAsync(run._sandbox, run.Keep, run.Scan);
        foreach ((string path, string value) in device) run.Settings[$"Keyway:KeySystems:{system}:Settings:{path}"] = value;
        foreach ((string path, string value) in new[]
            {
                ($"KeySystems:{system}:Plugin", system), ($"KeySystems:{system}:Priority", "1"), ($"Plugins:Allow:{system}:Required", "true"), ("Secrets:Directory", run._folder.File("secrets")),
                ("Licenses:Store", Path.Combine(run.Left, "store")),
                ($"Providers:acme:Endpoints:{system}", $"{run._wire.Url}license"),
                ("Providers:acme:Pipeline:0:Use", "header"), ("Providers:acme:Pipeline:0:Name", "X-Tenant"), ("Providers:acme:Pipeline:0:Value", "secret:tenant"),
                ("Providers:acme:Pipeline:1:Use", "query"), ("Providers:acme:Pipeline:1:Name", "user"), ("Providers:acme:Pipeline:1:Value", "{user}"),
                ("Providers:acme:Pipeline:2:Use", "token"), ("Providers:acme:Pipeline:2:Name", "X-Token"), ("Providers:acme:Pipeline:2:Prefix", "key="),
                ("Providers:acme:Pipeline:3:Use", "challenge"), ("Providers:acme:Pipeline:4:Use", "error.json"),
            })
            run.Settings[$"Keyway:{path}"] = value;
        return run;
    }

    /// <summary>The settings as a file for <c>--config</c>.</summary>
    public string SettingsFile() => _folder.Write("settings.json", JsonSerializer.Serialize(Settings));

    /// <summary>The arguments that give the command the same secrets.</summary>
    public string[] Arguments() =>
    [
        "--config", SettingsFile(), "--provider", "acme", "--key-system", Name, "--token-file", _folder.Write("token", Token), "--custom-data-file", _folder.Write("custom", CustomData),
        "--value", $"user={Value}", "--license-header", $"X-Extra: {Header}",
    ];

    /// <summary>The same for an application.</summary>
    public PresentationOptions Options() => new()
    {
        Provider = "acme",
        KeySystem = Name,
        CustomData = CustomData,
        LicenseHeaders = new Dictionary<string, string> { ["X-Extra"] = Header, ["X-Login"] = $"login:{Header}" },
        Values = new Dictionary<string, string> { ["user"] = Value },
        Token = (_, _) => new(LicenseToken.FromText(Token)),
    };

    /// <summary>Asks for a licence that may be stored.</summary>
    public void Persist() => Query = _system.Persistent!;

    /// <summary>Takes a pack or a plugin for the provider, which places the token where it is told.</summary>
    public void UseProvider(string provider, string placement)
    {
        foreach (string path in Settings.Keys.Where(static path => path.Contains(":Pipeline:", StringComparison.Ordinal)).ToArray()) Settings.Remove(path);
        bool plugin = provider == "expressplay";
        Settings[$"Keyway:Providers:acme:{(plugin ? "Plugin" : "Pack")}"] = provider;
        Settings[$"Keyway:Providers:acme:Settings:{(plugin ? "TokenPlacement" : "placement")}"] = placement;
        if (plugin) Settings["Keyway:Plugins:Allow:expressplay:Required"] = "true";
        _provider = provider;
    }

    /// <summary>Adds what was left behind, and looks.</summary>
    public void Check()
    {
        _faults.Should().BeEmpty("the wire must have planted what passed");
        Exchanges.Should().BePositive("without an exchange nothing was secret");
        Scan.AddFolder("files left behind", Left);
        Scan.Check();
    }

    public void Dispose()
    {
        _wire.Dispose();
        _sandbox.Dispose();
        _folder.Dispose();
    }

    // Short enough that no rule about long words without spaces masks it by chance.
    private static string Secret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private void Keep(string name, byte[] secret)
    {
        string path = Path.Combine(_folder.File("secrets"), name);
        File.WriteAllBytes(path, secret);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private void AnswerOrTell(HttpListenerContext context)
    {
        try
        {
            Answer(context);
        }
        catch (Exception exception)
        {
            // On a thread of the server's nobody would notice it.
            _faults.Enqueue(exception);
            throw new IOException("the wire failed", exception);
        }
    }

    /// <summary>Passes a request on to the sandbox, and plants what went and what came.</summary>
    private void Answer(HttpListenerContext context)
    {
        HttpListenerRequest request = context.Request;
        using MemoryStream body = new();
        request.InputStream.CopyTo(body);
        byte[] challenge = body.ToArray();
        if (_provider is null) request.Headers["X-Token"].Should().Be("key=" + Token);
        else (request.RawUrl + request.Headers["X-AxDRM-Message"] + request.Headers["ExpressPlayToken"] + Encoding.UTF8.GetString(challenge)).Should().Contain(Token, "it was told");
        Interlocked.Increment(ref _exchanges);
        if (Refuses)
        {
            StringBuilder echo = new(request.RawUrl);
            foreach (string? name in request.Headers.AllKeys) echo.Append(CultureInfo.InvariantCulture, $" {name} {request.Headers[name]} ({request.Headers[name]?.Split('=')[^1]}),");
            echo.Append(CultureInfo.InvariantCulture, $" {(_provider is null ? CustomData : "")} {Convert.ToBase64String(challenge)}");
            string heard = string.Join(' ', request.Headers.AllKeys.Select(name => request.Headers[name]!).SelectMany(static value => value.Split(' ', '=', ':', ';').Append(value))
                .SelectMany(static part => (string[])[part, Convert.ToBase64String(Encoding.UTF8.GetBytes(part)), Convert.ToHexString(Encoding.UTF8.GetBytes(part))]));
            (string type, string text) = InPlainWords ? ("text/plain", heard) : _provider == "expressplay"
                ? ("application/json", JsonSerializer.Serialize(new { error = new { code = -4010, message = $"{Token} {echo}" } }))
                : _system.Refusal(echo.ToString());
            (context.Response.StatusCode, context.Response.ContentType) = (500, type);
            if (_provider == "axinom") context.Response.Headers["X-AxDRM-ErrorMessage"] = $"no: {Token} {echo.ToString()[..300]}";
            try
            {
                context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(text));
            }
            catch (HttpListenerException)
            {
                // A client reads of a refusal as much as it quotes, and hangs up.
            }

            return;
        }

        using HttpRequestMessage onward = new(HttpMethod.Post, new Uri(_system.Path + Query, UriKind.Relative)) { Content = new ByteArrayContent(challenge) };
        if (request.ContentType is { } sent) onward.Content.Headers.TryAddWithoutValidation("Content-Type", sent);
        if (request.Headers["SOAPAction"] is { } action) onward.Headers.TryAddWithoutValidation("SOAPAction", action);
        using HttpResponseMessage answer = _sandbox.Send(onward);
        using MemoryStream license = new();
        answer.Content.ReadAsStream().CopyTo(license);
        if (answer.IsSuccessStatusCode) _system.PlantWire(Scan, challenge, license.ToArray());
        (context.Response.StatusCode, context.Response.ContentType) = ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString());
        context.Response.OutputStream.Write(license.ToArray());
    }
}
