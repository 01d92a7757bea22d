using System.Net;
using System.Text.Json;
using Keyway.Relay.Gate;
using Keyway.Relay.Story;
using Keyway.Testing;
using Microsoft.AspNetCore.Builder;

namespace Keyway.Relay;

/// <summary>The relay in this process, over content that the test brings.</summary>
internal sealed class RelayBench : IAsyncDisposable
{
    private RelayBench(TestKeyway keyway, RelayState state, BusStory bus, WebApplication app, RunToken token, Uri page) => (Keyway, State, _bus, _app, Token, Page) = (keyway, state, bus, app, token, page);

    private readonly BusStory _bus;
    private readonly WebApplication _app;

    /// <summary>The folder of the project, with its samples.</summary>
    public static string Root { get; } = FindRoot();

    public TestKeyway Keyway { get; }

    public RelayState State { get; }

    public RunToken Token { get; }

    public Uri Page { get; }

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The bundled sample with its three keys.</summary>
    public static TestKeyway Sample()
    {
        TestKeyway keyway = new() { WantsToken = false };
        using JsonDocument keys = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "samples", "keys.json")));
        foreach (JsonElement key in keys.RootElement.GetProperty("keys").EnumerateArray()) keyway.AddKey(key.GetProperty("kid").GetString()!, key.GetProperty("key").GetString()!);
        foreach (string folder in (string[])["cenc", "cbcs", "hls"]) keyway.AddFolder(folder, Path.Combine(Root, "samples", folder));
        return keyway;
    }

    public static Task<RelayBench> OpenAsync(string path, TestKeyway? keyway = null, PresentationOptions? options = null, params string[] pages) =>
        OpenAsync(keyway ?? Sample(), new Uri(TestKeyway.Root, path), options, pages);

    public static async Task<RelayBench> OpenAsync(TestKeyway keyway, Uri source, PresentationOptions? options, string[] pages)
    {
        StoryLog story = new(TimeProvider.System);
        RelayState state = new(keyway, source, options ?? new PresentationOptions(), story);
        BusStory bus = new(story, keyway);
        await state.OpenAsync(TestContext.Current.CancellationToken);
        RunToken token = RunToken.Create();
        (WebApplication app, Uri page) = await RelayApp.StartAsync(new RelayOptions { Pages = pages }, state, token);
        return new RelayBench(keyway, state, bus, app, token, page);
    }

    public Uri At(string path) => new(Page, path);

    public Task<byte[]> BytesAsync(string path) => Http.GetByteArrayAsync(At(path), TestContext.Current.CancellationToken);

    public Task<string> TextAsync(string path) => Http.GetStringAsync(At(path), TestContext.Current.CancellationToken);

    public async Task<JsonElement> JsonAsync(string path)
    {
        using JsonDocument document = JsonDocument.Parse(await BytesAsync(path));
        return document.RootElement.Clone();
    }

    public async Task<(HttpStatusCode Status, JsonElement Problem)> RefusalAsync(string path)
    {
        using HttpResponseMessage answer = await Http.GetAsync(At(path), TestContext.Current.CancellationToken);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        answer.Headers.CacheControl!.NoStore.Should().BeTrue();
        using JsonDocument document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (answer.StatusCode, document.RootElement.Clone());
    }

    /// <summary>The renditions as the page sees them.</summary>
    public async Task<JsonElement[]> RenditionsAsync() =>
        [.. (await JsonAsync("map")).GetProperty("periods").EnumerateArray().SelectMany(static period => period.GetProperty("renditions").EnumerateArray())];

    /// <summary>The addresses of the segments of a rendition.</summary>
    public async Task<string[]> SegmentsAsync(JsonElement rendition) =>
        [.. (await JsonAsync(rendition.GetProperty("segments").GetString()!)).GetProperty("segments").EnumerateArray().Select(static segment => segment.GetProperty("u").GetString()!)];

    /// <summary>Ends it, as an interrupt does.</summary>
    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _bus.Dispose();
        await State.DisposeAsync();
        await Keyway.DisposeAsync();
    }

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Framework.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("the checkout");
        return folder;
    }
}
