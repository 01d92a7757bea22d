using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway;

/// <summary>A sink that a licence is asked about before anything is read.</summary>
/// <param name="Name">What it is called in the answer.</param>
/// <param name="Output">What it does with samples, and how it protects them.</param>
public sealed record PreviewSink(string Name, OutputCapabilities Output)
{
    private static readonly ProtectionLevels Absent = new() { CompressedVideo = 999, UncompressedVideo = 999, AnalogVideo = 999, CompressedAudio = 999, UncompressedAudio = 999 };

    /// <summary>
    /// Those that people ask about: a file or stream (<c>export</c>), a screen without protection (<c>render</c>), one behind HDCP (<c>render-hdcp-1</c>, <c>render-hdcp-2.2</c>), one that
    /// is part of the device (<c>render-internal</c>), and a module that answers for its own outputs (<c>module</c>).
    /// </summary>
    public static IReadOnlyList<PreviewSink> Usual { get; } =
    [
        new("export", OutputCapabilities.None),
        new("render", new OutputCapabilities { Kind = SinkKind.Render }),
        new("render-hdcp-1", new OutputCapabilities { Kind = SinkKind.Render, Hdcp = HdcpLevel.V1 }),
        new("render-hdcp-2.2", new OutputCapabilities { Kind = SinkKind.Render, Hdcp = HdcpLevel.V2_2 }),
        new("render-internal", new OutputCapabilities { Kind = SinkKind.Render, Hdcp = HdcpLevel.NoDigitalOutput, Levels = Absent }),
        new("module", new OutputCapabilities { Kind = SinkKind.Module }),
    ];
}
