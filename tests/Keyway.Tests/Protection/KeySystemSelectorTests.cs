using Keyway.Decryption;
using Keyway.Licensing;
using NSubstitute;
using NSubstitute.ExceptionExtensions;

namespace Keyway.Protection;

public sealed class KeySystemSelectorTests
{
    private static readonly KeyId Key = new(0xA);
    private static readonly ProtectionSource Source = new(ProtectionOrigin.Movie, "moov");

    [Fact]
    public void The_smallest_priority_with_a_header_wins_and_every_other_has_a_reason()
    {
        ProtectionMap map = Map(ProtectionScheme.Cenc, SystemIds.Widevine, SystemIds.PlayReady, SystemIds.Marlin);
        KeySystemSelection selection = KeySystemSelector.Select(map, [
            Candidate("playready", 20, SystemIds.PlayReady), Candidate("widevine", 10, SystemIds.Widevine), Candidate("fairplay", 1, SystemIds.FairPlay),
            new KeySystemCandidate { Name = "lost", Priority = 5 }]);
        selection.Chosen!.Name.Should().Be("widevine");
        selection.KeyIds.Should().Equal(Key);
        selection.Headers.Should().ContainSingle();
        selection.InitializationData.Should().ContainSingle().Which.System.Should().Be(SystemIds.Widevine);
        selection.Others.ToDictionary(static other => other.Name, static other => other.Reason).Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["fairplay"] = $"the content has no header for it, and it cannot be asked by key identifier (protection header of {SystemIds.FairPlay}: not my kind)",
            ["lost"] = "its plugin is not there",
            ["playready"] = "lower priority than widevine (20 after 10)",
            ["marlin"] = "the content names it, and no key system is configured for it",
        });
    }

    [Fact]
    public void A_key_system_that_is_configured_and_absent_is_told_once_with_its_own_reason()
    {
        KeySystemSelection selection = KeySystemSelector.Select(Map(ProtectionScheme.Cenc, SystemIds.Widevine), [new KeySystemCandidate { Name = "Widevine", Priority = 5, Absence = "the plugin 'widevine' is refused" }]);
        selection.Others.Should().ContainSingle().Which.Should().Be(new KeySystemRejection("Widevine", "the plugin 'widevine' is refused"));
    }

    [Fact]
    public void A_scheme_that_a_key_system_does_not_support_rules_it_out()
    {
        KeySystemCandidate old = Candidate("old", 1, SystemIds.PlayReady, ProtectionScheme.Cenc);
        KeySystemSelection selection = KeySystemSelector.Select(Map(ProtectionScheme.Cbcs, SystemIds.PlayReady), [old]);
        selection.Chosen.Should().BeNull();
        selection.Others.Should().ContainSingle().Which.Reason.Should().Be("it does not support the scheme cbcs");
    }

    [Fact]
    public void Each_identifier_of_a_WebM_file_is_initialisation_data_of_its_own()
    {
        byte[] opaque = [1, 2, 3, 4, 5];
        List<InitializationData> asked = [];
        IKeySystem clear = Substitute.For<IKeySystem>();
        clear.Descriptor.Returns(new KeySystemDescriptor { Name = "clearkey", Systems = [SystemIds.Common] });
        clear.ParseHeader(Arg.Do<InitializationData>(asked.Add)).Returns(static call => new ProtectionHeader { System = SystemIds.Common, Data = call.Arg<InitializationData>().Payload });
        ProtectionMapBuilder builder = new();
        builder.Add(new TrackStatement { Track = "video", Source = Source, Scheme = ProtectionScheme.Cenc, KeyIds = [KeyId.FromOpaque(opaque)], OpaqueKeyIds = [opaque] });
        builder.Add(new TrackStatement { Track = "audio", Source = Source, Scheme = ProtectionScheme.Cenc, KeyIds = [Key] });
        KeySystemSelection selection = KeySystemSelector.Select(builder.Build(), [Candidate("widevine", 1, SystemIds.Widevine), KeySystemCandidate.Of("clearkey", 2, clear)]);
        selection.Chosen!.Name.Should().Be("clearkey");
        asked.Select(static data => data.Kind).Should().Equal(InitializationDataKind.WebM, InitializationDataKind.KeyIds);
        asked[0].Payload.ToArray().Should().Equal(opaque, "nothing stands around it");
        selection.Headers.Should().HaveCount(2);
        selection.Others.Should().ContainSingle().Which.Reason.Should().Contain("cannot be asked by key identifier");
    }

    [Fact]
    public void Content_without_headers_is_opened_by_who_can_be_asked_by_key()
    {
        InitializationData? asked = null;
        IKeySystem clear = Substitute.For<IKeySystem>();
        clear.Descriptor.Returns(new KeySystemDescriptor { Name = "clearkey", Systems = [SystemIds.Common, SystemIds.ClearKeyDashIf] });
        clear.ParseHeader(Arg.Do<InitializationData>(data => asked = data)).Returns(static call => new ProtectionHeader { System = SystemIds.Common, Data = default, KeyIds = call.Arg<InitializationData>().BoxKeyIds });
        KeySystemSelection selection = KeySystemSelector.Select(Map(ProtectionScheme.Cenc), [Candidate("widevine", 1, SystemIds.Widevine), KeySystemCandidate.Of("clearkey", 2, clear)]);
        selection.Chosen!.Name.Should().Be("clearkey");
        selection.Headers[0].KeyIds.Should().Equal(Key);
        asked!.Kind.Should().Be(InitializationDataKind.KeyIds);
        System.Text.Encoding.ASCII.GetString(asked.Payload.Span).Should().Be("""{"kids":["AAAAAAAAAAAAAAAAAAAACg"]}""");
    }

    [Fact]
    public void Content_without_headers_and_keys_is_opened_by_nobody()
    {
        ProtectionMap map = new ProtectionMapBuilder().Add(new TrackStatement { Track = "v", Source = Source, Scheme = ProtectionScheme.Cenc }).Build();
        KeySystemSelection selection = KeySystemSelector.Select(map, [Candidate("widevine", 1, SystemIds.Widevine)]);
        selection.Chosen.Should().BeNull();
        selection.Others.Should().ContainSingle().Which.Reason.Should().Be("the content has no header for it, and names no key");
    }

    [Fact]
    public void A_faulty_key_system_loses_the_choice_to_the_next_one()
    {
        IKeySystem faulty = Substitute.For<IKeySystem>();
        faulty.Descriptor.Returns(new KeySystemDescriptor { Name = "faulty", Systems = [SystemIds.Widevine] });
        faulty.ParseHeader(Arg.Any<InitializationData>()).Throws(new InvalidOperationException("words with key=secret"));
        KeySystemSelection selection = KeySystemSelector.Select(Map(ProtectionScheme.Cenc, SystemIds.Widevine, SystemIds.PlayReady), [KeySystemCandidate.Of("faulty", 1, faulty), Candidate("playready", 2, SystemIds.PlayReady)]);
        selection.Chosen!.Name.Should().Be("playready");
        selection.Others.Should().ContainSingle().Which.Reason.Should().Contain("System.InvalidOperationException: words with key=***").And.NotContain("secret");
    }

    [Theory]
    [InlineData("b")]
    [InlineData("com.b.alpha")]
    public void The_caller_may_name_one_by_any_of_its_names(string name)
    {
        KeySystemCandidate b = Candidate("b", 2, SystemIds.PlayReady);
        KeySystemSelection selection = KeySystemSelector.Select(Map(ProtectionScheme.Cenc, SystemIds.Widevine, SystemIds.PlayReady), [Candidate("a", 1, SystemIds.Widevine), b with { Descriptor = b.Descriptor! with { Designators = ["com.b.alpha"] } }], name);
        selection.Chosen!.Name.Should().Be("b");
        selection.Others.Should().ContainSingle().Which.Reason.Should().Be($"'{name}' was asked for");
    }

    private static ProtectionMap Map(ProtectionScheme scheme, params SystemId[] systems)
    {
        ProtectionMapBuilder builder = new ProtectionMapBuilder().Add(new TrackStatement { Track = "v", Source = Source, Scheme = scheme, KeyIds = [Key] });
        foreach (SystemId system in systems) builder.Add(new HeaderStatement { Box = new PsshBox { Version = 0, System = system, Data = new byte[] { 1 } }, Source = Source });
        return builder.Build();
    }

    private static KeySystemCandidate Candidate(string name, int priority, SystemId system, params ProtectionScheme[] schemes)
    {
        IKeySystem one = Substitute.For<IKeySystem>();
        one.Descriptor.Returns(new KeySystemDescriptor { Name = name, Systems = [system], Schemes = schemes });
        one.ParseHeader(Arg.Any<InitializationData>()).Returns(call => call.Arg<InitializationData>() is { Kind: InitializationDataKind.Pssh } data
            ? new ProtectionHeader { System = data.System, Data = data.Payload, KeyIds = data.BoxKeyIds }
            : throw new ProtectionHeaderException(system, "not my kind"));
        return KeySystemCandidate.Of(name, priority, one);
    }
}
