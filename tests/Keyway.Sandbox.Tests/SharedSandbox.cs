namespace Keyway.Sandbox;

/// <summary>One sandbox for all tests that only ask it something.</summary>
public sealed class SharedSandbox : IAsyncLifetime
{
    // One key beside the sample's, in the form of samples/keys.json.
    public const string OwnKid = "00112233445566778899aabbccddeeff";
    public const string OwnKey = "0f0e0d0c0b0a09080706050403020100";

    private readonly string _keys = Path.GetTempFileName();
    private SandboxProcess? _sandbox;

    public HttpClient Http => _sandbox!.Http;

    public string Data => _sandbox!.Data;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_keys, $$"""{ "keys": [ { "label": "own", "kid": "00112233-4455-6677-8899-aabbccddeeff", "key": "{{OwnKey}}" } ] }""");
        _sandbox = await SandboxProcess.StartAsync("--keys", _keys);
    }

    public async ValueTask DisposeAsync()
    {
        if (_sandbox is not null) await _sandbox.DisposeAsync();
        File.Delete(_keys);
    }
}
