extern alias cdm;

using System.Buffers;
using cdm::Keyway.Cdm;
using Keyway.ClearKey;
using Keyway.Licensing;
using Keyway.PlayReady;
using Keyway.PlayReady.Certificates;
using Keyway.PlayReady.Soap;
using Keyway.Protection;
using Keyway.Widevine;

namespace Keyway.Fuzz;

/// <summary>The parsers of the plugins: headers, licences and answers, before any key is needed.</summary>
internal static class PluginParsers
{
    public static IReadOnlyList<Parser> All { get; } =
    [
        new("cdm-frames", SeedKind.CdmFrames, CdmChildOfNobody.Read),
        new("cdm-header", SeedKind.Header, static bytes => CdmHeader.Read(Data(bytes, CdmConstants.Widevine, InitializationDataKind.Pssh), CdmChildOfNobody.Options)),
        new("cdm-stored", SeedKind.CdmFrames, static bytes => StoredSession.TryRead(bytes, out _, out _)),
        new("clearkey-header", SeedKind.Json, static bytes => ClearKeyHeader.Read(Data(bytes, SystemIds.ClearKeyDashIf, InitializationDataKind.KeyIds))),
        new("clearkey-license", SeedKind.Json, static bytes => ClearKeyLicense.Read(new ReadOnlySequence<byte>(bytes))),
        new("playready-header", SeedKind.Header, static bytes => PlayReadyHeader.Read(Data(bytes, SystemIds.PlayReady, InitializationDataKind.Pssh))),
        new("playready-license", SeedKind.License, static bytes => LicenseInspection.Describe(bytes)),
        new("playready-answer", SeedKind.License, static bytes =>
        {
            if (!SoapMessage.TryRead(new ReadOnlySequence<byte>(bytes), out SoapMessage? message, out _)) return;
            SoapFault.Find(message!);
            LicenseResponse.TryRead(message!, out _, out _);
        }),
        new("playready-certificates", SeedKind.License, static bytes => BCertChain.TryRead(bytes, out _, out _)),
        new("widevine-header", SeedKind.Header, static bytes => WidevineHeader.Read(bytes, [], new WidevineOptions())),
        new("widevine-header-json", SeedKind.Json, static bytes => WidevineHeader.Read(bytes, [], new WidevineOptions())),
    ];

    private static InitializationData Data(byte[] bytes, SystemId system, InitializationDataKind kind) => new() { Kind = kind, System = system, Payload = bytes };
}
