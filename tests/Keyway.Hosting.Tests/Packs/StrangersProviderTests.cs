using System.Net;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Sessions;

namespace Keyway.Hosting.Packs;

/// <summary>A licence service of somebody else's, written as code against the contract alone and dropped into the folder.</summary>
public sealed class StrangersProviderTests : IDisposable
{
    private const string Toll = "a-toll-of-7-guilders";

    private readonly PluginFolder _plugins = new();
    private readonly string _secrets = Directory.CreateTempSubdirectory("keyway-toll-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public StrangersProviderTests()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("tollgate");
        string file = Path.Combine(_secrets, "toll");
        File.WriteAllText(file, Toll);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public void Dispose()
    {
        _plugins.Dispose();
        Directory.Delete(_secrets, recursive: true);
    }

    [Theory]
    [InlineData("tollgate", "retry → tollgate.toll → challenge → tollgate.turn → timeout")]
    [InlineData("tollgate-pack", "retry → token → challenge → request → tollgate.turn")]
    public async Task Sample_plays_through_it(string provider, string pipeline)
    {
        using Tollkeeper keeper = new();
        await using KeywayHost host = Host(keeper);
        await host.StartAsync(Cancel);
        host.Providers.Single(each => each.Service.Name == provider).Service.Pipeline.Describe().Should().Be($"{provider}: {pipeline} → transport");
        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, new PresentationOptions { Provider = provider }, Cancel);
        (await SampleContent.ReadAsync(presentation, 1)).Should().Equal(SampleContent.Table("audio"));
        presentation.Sessions.Should().ContainSingle().Which.Provider.Should().Be(provider);
        keeper.Tolls.Should().Equal(Toll);
    }

    [Theory]
    [InlineData("tollgate", 1)]
    [InlineData("tollgate-pack", 1)]
    public async Task Its_refusal_is_told_in_shared_words_and_the_secret_is_in_no_text(string provider, int requests)
    {
        using Tollkeeper keeper = new() { Refuses = true };
        await using KeywayHost host = Host(keeper);
        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, new PresentationOptions { Provider = provider }, Cancel);
        Func<Task> read = () => SampleContent.ReadAsync(presentation, 1);
        KeyUnavailableException failure = (await read.Should().ThrowAsync<KeyUnavailableException>()).Which;
        LicenseServiceException refusal = failure.InnerException.Should().BeOfType<LicenseServiceException>().Subject;
        (refusal.Kind, refusal.ProviderCode, refusal.Advice).Should().Be((LicenseErrorKind.TokenInvalid, "toll", "pay it"));
        failure.ToString().Should().NotContain(Toll);
        keeper.Tolls.Should().HaveCount(requests, "the same toll is not paid twice");
    }

    [Fact]
    public async Task Two_viewers_with_two_tokens_get_two_licences()
    {
        using Tollkeeper keeper = new();
        await using KeywayHost host = Host(keeper);
        PresentationOptions Viewer(string token, TokenSource? source = null, string? scope = null) =>
            new() { Provider = "tollgate-pack", Token = source ?? Of(token), SharingScope = scope };

        await using Presentation one = await host.OpenAsync(SampleContent.Manifest, Viewer("one-viewers-token"), Cancel);
        await using Presentation two = await host.OpenAsync(SampleContent.Manifest, Viewer("another-viewers-token"), Cancel);
        (await SampleContent.ReadAsync(one, 1)).Should().Equal(SampleContent.Table("audio"));
        (await SampleContent.ReadAsync(two, 1)).Should().Equal(SampleContent.Table("audio"));
        keeper.Tolls.Should().BeEquivalentTo("one-viewers-token", "another-viewers-token");
        one.Sessions.Select(session => session.Id).Should().NotIntersectWith(two.Sessions.Select(session => session.Id));

        // Asked for: the same viewer twice in one scope shares, and another viewer in that scope does not.
        TokenSource same = Of("the-same-viewer");
        await using Presentation three = await host.OpenAsync(SampleContent.Manifest, Viewer("", same, "house"), Cancel);
        await three.AcquireAsync(Cancel);
        await using Presentation four = await host.OpenAsync(SampleContent.Manifest, Viewer("", same, "house"), Cancel);
        await using Presentation five = await host.OpenAsync(SampleContent.Manifest, Viewer("a-guest", scope: "house"), Cancel);
        await four.AcquireAsync(Cancel);
        await five.AcquireAsync(Cancel);
        keeper.Tolls.Should().HaveCount(4).And.ContainSingle(toll => toll == "the-same-viewer");
        four.Sessions.Select(session => session.Id).Should().Equal(three.Sessions.Select(session => session.Id));
        host.Providers.Single(each => each.Service.Name == "tollgate-pack").Service.Pipeline.Tokens!.Value.Redeemed.Should().Be(4);
        string shown = string.Join(' ', new[] { one, two, three, four, five }.SelectMany(each => each.Sessions).Select(session => session.ToString()));
        foreach (string token in keeper.Tolls) shown.Should().NotContain(token);
    }

    private static TokenSource Of(string token) => (_, _) => new(LicenseToken.FromText(token));

    private KeywayHost Host(Tollkeeper keeper) => new(
        Configured.Root(
            """
            {
              "Plugins": { "Allow": { "clearkey": {}, "tollgate": {} } },
              "KeySystems": { "clearkey": {} },
              "Providers": {
                "tollgate": { "Plugin": "tollgate", "Endpoints": { "clearkey": "https://toll.example/l" }, "Settings": { "Toll": "secret:toll" } },
                "tollgate-pack": { "Plugin": "tollgate", "Token": { "Secret": "secret:toll" } }
              }
            }
            """, ("Keyway:Plugins:Directory", _plugins.Path), ("Keyway:Secrets:Directory", _secrets)).GetSection("Keyway"),
        new KeywayHostOptions { LicenseHttp = new HttpMessageInvoker(keeper, disposeHandler: false) });

    /// <summary>The service: Clear Key, turned round.</summary>
    private sealed class Tollkeeper : HttpMessageHandler
    {
        private readonly List<string> _tolls = [];

        public bool Refuses { get; init; }

        public IReadOnlyList<string> Tolls
        {
            get
            {
                lock (_tolls) return [.. _tolls];
            }
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri.Should().Be(new Uri("https://toll.example/l"));
            lock (_tolls) _tolls.Add(request.Headers.GetValues("X-Toll").Single());
            byte[] body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
            Array.Reverse(body);
            byte[] answer = Refuses ? "toll!"u8.ToArray() : SampleContent.License(body);
            if (!Refuses) Array.Reverse(answer);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(answer) };
        }
    }
}
