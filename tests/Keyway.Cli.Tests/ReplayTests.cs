using Keyway.Cli.Run;
using Keyway.Hosting;
using Keyway.Licensing;
using Keyway.Licensing.Recording;
using Keyway.Sessions;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cli;

/// <summary>What <c>--record</c> has written, played back to a host that has no network: the use of a record in a test of one's own.</summary>
public sealed class ReplayTests(SharedSandbox sandbox) : IDisposable
{
    private static readonly byte[] BodyKey = [.. Enumerable.Repeat((byte)0x55, 32)];

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_recorded_licence_opens_the_content_with_the_service_away()
    {
        string settings = _folder.Write("settings.json", "{ \"Keyway\": {} }");
        await RecordAsync(ExitCode.Done, settings, "clearkey", sandbox.ClearKey());
        await using KeywayHost keyway = HostOf(settings, out RecordedLicenseServer server);
        await using Presentation presentation = await keyway.OpenAsync(new Uri(Sample.Manifest), new PresentationOptions { KeySystem = "clearkey", LicenseUrl = new Uri(sandbox.ClearKey()) }, Cancel);
        await presentation.AcquireAsync(Cancel);
        presentation.Sessions.SelectMany(static session => session.Keys).Should().NotBeEmpty().And.OnlyContain(static key => key.Status == KeyStatus.Usable);
        server.Left.Should().BeEmpty();
    }

    /// <summary>A nonce, a request that the licence is signed with: whoever hands on a recorded licence is noticed.</summary>
    [Fact]
    public async Task A_recorded_licence_of_widevine_is_refused_because_it_was_for_another_request()
    {
        WidevineDevice device = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: true);
        string url = $"{sandbox.Url}widevine";
        await RecordAsync(ExitCode.Done, device.Settings, "widevine", url);
        await using KeywayHost keyway = HostOf(device.Settings, out _);
        await using Presentation presentation = await keyway.OpenAsync(new Uri(Sample.Manifest), new PresentationOptions { KeySystem = "widevine", LicenseUrl = new Uri(url) }, Cancel);
        Func<Task> acquire = () => presentation.AcquireAsync(Cancel).AsTask();
        LicenseErrorKind? kind = (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which.Kind;
        kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
    }

    [Fact]
    public async Task A_recorded_refusal_is_refused_again()
    {
        const int status = 403;
        string settings = _folder.Write("settings.json", "{ \"Keyway\": {} }");
        Uri url = new($"{sandbox.Url}clearkey?fault=status:{status}");
        await RecordAsync(ExitCode.NoLicense, settings, "clearkey", url.AbsoluteUri, bodies: false);
        await using KeywayHost keyway = HostOf(settings, out RecordedLicenseServer server);
        server.Left.Should().ContainSingle(each => each.Status == status);
        await using Presentation presentation = await keyway.OpenAsync(new Uri(Sample.Manifest), new PresentationOptions { KeySystem = "clearkey", LicenseUrl = url }, Cancel);
        Func<Task> acquire = () => presentation.AcquireAsync(Cancel).AsTask();
        (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which.InnerException.Should().BeOfType<LicenseServiceException>().Which.Status.Should().Be(status);
        server.Left.Should().BeEmpty();
    }

    private async Task RecordAsync(int code, string settings, string keySystem, string url, bool bodies = true)
    {
        Directory.CreateDirectory(_folder.File("secrets"));
        string secret = _folder.Write("secrets/record", Convert.ToHexStringLower(BodyKey));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] more = bodies ? ["--record-bodies", "--set", $"Keyway:Secrets:Directory={_folder.File("secrets")}"] : [];
        (await CommandRun.OfAsync(["license", Sample.Manifest, "--config", settings, "--key-system", keySystem, "--license-url", url, "--record", _folder.File("exchanges.har"), .. more])).ShouldEndWith(code);
    }

    private KeywayHost HostOf(string settings, out RecordedLicenseServer server)
    {
        IConfigurationRoot root = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).AddJsonFile(settings).Build();
        LicenseRecord record = LicenseRecord.Read(File.ReadAllBytes(_folder.File("exchanges.har")));
        server = new RecordedLicenseServer(record, BodyKey);
        KeywayHostOptions options = new() { LicenseHttp = new HttpMessageInvoker(server) };
        return new KeywayHost(root, options);
    }
}
