using System.Buffers;
using System.Text;
using System.Text.Json;
using Keyway.ClearKey.Fakes;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Protection;

namespace Keyway.ClearKey;

public sealed class ClearKeySessionTests
{
    // The identifiers of the standard's examples; see ClearKeyLicenseTests.
    private const string First = "2f05477fc24bb4faefd86517156daffc";
    private const string Second = "d0376d53da1df818792f7c5bbf45dffc";
    private const string FirstKey = "b50d1b25559be9bd0a3cbe8ab59232fc";
    private const string License = """{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"LwVHf8JLtPrv2GUXFW2v_A"}],"type":"temporary"}""";

    private readonly RecordingSessionHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_is_the_one_of_the_standard()
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(First, Second));

        (ChallengeInfo info, string request) = await ChallengeAsync(session);

        request.Should().Be("""{"kids":["LwVHf8JLtPrv2GUXFW2v_A","0DdtU9od-Bh5L3xbv0Xf_A"],"type":"temporary"}""");
        info.Kind.Should().Be(ChallengeKind.License);
        info.ContentType.Should().Be("application/json");
        info.Url.Should().BeNull();
    }

    [Fact]
    public async Task Request_of_the_corpus_says_the_same()
    {
        JsonElement item = JsonCorpus.Items("json").Single(item => JsonCorpus.Id(item) == "w3c-clearkey-request");
        ILicenseSession session = await OpenAsync(Given.System(), Wanting([.. item.GetProperty("kids").EnumerateArray().Select(kid => kid.GetString()!)]));

        (_, string request) = await ChallengeAsync(session);

        JsonElement.DeepEquals(JsonDocument.Parse(request).RootElement, JsonDocument.Parse(JsonCorpus.Bytes(item)).RootElement).Should().BeTrue();
    }

    [Fact]
    public async Task Keys_of_headers_and_content_are_asked_for_once_each_and_originals_go_to_the_server()
    {
        ClearKeySystem system = Given.System();
        ProtectionHeader webm = system.ParseHeader(new InitializationData { Kind = InitializationDataKind.WebM, System = SystemIds.Common, Payload = "abc"u8.ToArray() });
        SessionRequest request = Wanting(First, "ba7816bf8f01cfea414140de5dae2223") with { Headers = [webm, Header(First)] };

        (_, string text) = await ChallengeAsync(await OpenAsync(system, request));

        text.Should().Be("""{"kids":["YWJj","LwVHf8JLtPrv2GUXFW2v_A"],"type":"temporary"}""");
    }

    [Fact]
    public async Task Session_for_nothing_is_refused()
    {
        Func<Task> open = async () => await OpenAsync(Given.System(), new SessionRequest { Headers = [Header()] });
        (await open.Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.HeaderUnsupported);
    }

    [Fact]
    public async Task Licence_brings_its_keys_with_a_policy_that_allows_a_clear_copy()
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(First));

        LicenseOutcome outcome = await session.AcceptAsync(Given.Answer(License), Token);

        outcome.Should().Be(LicenseOutcome.Complete);
        _host.Keys.Should().Equal(new Dictionary<KeyId, string> { [Given.Key(First)] = FirstKey });
        _host.Policies.Should().ContainSingle().Which.Should().BeEquivalentTo(new KeyPolicy { Output = new OutputRequirement { ClearExport = true } });
        _host.Other.Should().BeEmpty();
    }

    [Fact]
    public async Task Licence_without_some_wanted_key_brings_the_others_and_the_rest_is_asked_for_next()
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(First, Second));

        await session.AcceptAsync(Given.Answer(License), Token);

        _host.Keys.Keys.Should().Equal(Given.Key(First));
        (await ChallengeAsync(session)).Text.Should().Be("""{"kids":["0DdtU9od-Bh5L3xbv0Xf_A"],"type":"temporary"}""");
    }

    [Fact]
    public async Task Keys_beyond_the_wanted_ones_are_kept_too()
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(First));
        await session.AcceptAsync(Given.Answer("""
            {"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA","kid":"0DdtU9od-Bh5L3xbv0Xf_A"},
                     {"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"LwVHf8JLtPrv2GUXFW2v_A"}]}
            """), Token);
        _host.Keys.Keys.Should().Equal(Given.Key(Second), Given.Key(First));
        (await session.OfferHeaderAsync(Header(Second), Token)).Should().Be(HeaderOutcome.Absorbed);
    }

    [Theory]
    [InlineData("""{"keys":[]}""")]
    [InlineData(License)]
    public async Task Licence_with_none_of_the_wanted_keys_is_key_not_found_and_brings_nothing(string license)
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(Second));

        Func<Task> accept = async () => await session.AcceptAsync(Given.Answer(license), Token);

        (await accept.Should().ThrowAsync<LicenseServiceException>().WithMessage($"*{Second}*")).Which.Kind.Should().Be(LicenseErrorKind.KeyNotFound);
        _host.Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task Licence_for_an_identifier_of_another_length_is_recognised()
    {
        ClearKeySystem system = Given.System();
        ProtectionHeader webm = system.ParseHeader(new InitializationData { Kind = InitializationDataKind.WebM, System = SystemIds.Common, Payload = "abc"u8.ToArray() });
        ILicenseSession session = await OpenAsync(system, new SessionRequest { Headers = [webm] });

        await session.AcceptAsync(Given.Answer("""{"keys":[{"kty":"oct","k":"tQ0bJVWb6b0KPL6KtZIy_A","kid":"YWJj"}]}"""), Token);

        _host.Keys[Given.Key("ba7816bf8f01cfea414140de5dae2223")].Should().Be(FirstKey);
    }

    [Fact]
    public async Task Configured_keys_are_imported_when_the_session_opens_and_every_secret_is_given_back()
    {
        MemorySecrets secrets = new MemorySecrets()
            .With("raw", Convert.FromHexString(FirstKey))
            .With("hex", FirstKey.ToUpperInvariant() + "\n");
        ClearKeySystem system = Given.System(secrets, (First, "raw"), ("d0376d53-da1d-f818-792f-7c5bbf45dffc", "hex"), ("00000000000000000000000000000001", "raw"));
        await system.StartAsync(Token);

        ILicenseSession session = await OpenAsync(system, Wanting(First, Second));

        _host.Keys.Should().Equal(new Dictionary<KeyId, string> { [Given.Key(First)] = FirstKey, [Given.Key(Second)] = FirstKey });
        secrets.Lent.Should().Be(0);
        secrets.Reads.Should().Be(3 + 2, "three are checked at start-up, and the third is not wanted here");
        session.Decryptor.Should().BeNull();
    }

    [Fact]
    public async Task Only_keys_that_configuration_lacks_are_asked_for()
    {
        ClearKeySystem system = Given.System(new MemorySecrets().With("one", "tQ0bJVWb6b0KPL6KtZIy_A"), (First, "one"));
        ILicenseSession session = await OpenAsync(system, Wanting(First, Second));

        _host.Keys[Given.Key(First)].Should().Be(FirstKey);
        (await ChallengeAsync(session)).Text.Should().Be("""{"kids":["0DdtU9od-Bh5L3xbv0Xf_A"],"type":"temporary"}""");
    }

    [Fact]
    public async Task Header_whose_keys_are_held_is_absorbed_and_any_other_is_for_another_session()
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(First));

        (await session.OfferHeaderAsync(Header(First), Token)).Should().Be(HeaderOutcome.NotMine, "the key has not come yet");
        await session.AcceptAsync(Given.Answer(License), Token);

        (await session.OfferHeaderAsync(Header(First), Token)).Should().Be(HeaderOutcome.Absorbed);
        (await session.OfferHeaderAsync(Header(First, Second), Token)).Should().Be(HeaderOutcome.NotMine);
        (await session.OfferHeaderAsync(Header(), Token)).Should().Be(HeaderOutcome.NotMine);
    }

    [Fact]
    public async Task Header_whose_keys_are_configured_is_absorbed_and_its_keys_are_imported()
    {
        ClearKeySystem system = Given.System(new MemorySecrets().With("one", FirstKey), (Second, "one"));
        ILicenseSession session = await OpenAsync(system, Wanting(First));
        _host.Keys.Should().BeEmpty();

        (await session.OfferHeaderAsync(Header(Second), Token)).Should().Be(HeaderOutcome.Absorbed);

        _host.Keys.Should().Equal(new Dictionary<KeyId, string> { [Given.Key(Second)] = FirstKey });
    }

    [Fact]
    public async Task Nothing_is_kept_to_resume_from()
    {
        ILicenseSession session = await OpenAsync(Given.System(), Wanting(First));
        (await session.SaveAsync(new ArrayBufferWriter<byte>(), Token)).Should().BeFalse();
        session.ReadRefusal(Given.Answer("""{"error":"no"}""") with { Status = 403 }).Should().BeNull();
        await session.DisposeAsync();
    }

    private async Task<ILicenseSession> OpenAsync(ClearKeySystem system, SessionRequest request) =>
        await system.OpenSessionAsync(request, _host, Token);

    private static async Task<(ChallengeInfo Info, string Text)> ChallengeAsync(ILicenseSession session)
    {
        ArrayBufferWriter<byte> destination = new();
        ChallengeInfo info = await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, destination, Token);
        return (info, Encoding.UTF8.GetString(destination.WrittenSpan));
    }

    private static SessionRequest Wanting(params string[] kids) =>
        new() { Keys = [.. kids.Select(kid => new WantedKey { Id = Given.Key(kid), Scheme = ProtectionScheme.Cenc })] };

    private static ProtectionHeader Header(params string[] kids) => new()
    {
        System = SystemIds.Common,
        Data = ReadOnlyMemory<byte>.Empty,
        KeyIds = [.. kids.Select(Given.Key)],
    };
}
