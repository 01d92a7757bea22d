using Keyway.Decryption;
using Keyway.Manifests.Smooth.Codecs;
using Keyway.Manifests.Smooth.Model;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Packing;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>Writes the initialisation segment that a server of Smooth Streaming does not have: what its manifest says, and of a fragment the number of its track and its key.</summary>
internal static class InitializationWriter
{
    private const byte VectorSize = 8;

    /// <summary>Writes it.</summary>
    /// <param name="setup">What sets the decoder up.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="headers">The protection headers of the manifest.</param>
    /// <param name="head">A fragment of the track.</param>
    /// <param name="isProtected">Whether it says that samples are protected.</param>
    /// <param name="error">Why it cannot be written.</param>
    public static byte[]? Write(CodecSetup setup, SmoothStream stream, IReadOnlyList<SmoothHeader> headers, FragmentHead head, out bool isProtected, out FormatError error)
    {
        error = default;
        // A header is about all streams, and some of them may be clear nevertheless: their fragments say so.
        isProtected = headers.Count > 0 || head.IsEncrypted;
        PackedProtection? protection = null;
        if (isProtected && !TryFindKey(headers, head, out protection, out string reason))
        {
            error = new FormatError(reason, "moof/traf", -1);
            return null;
        }

        SegmentPacker packer = new();
        packer.WriteMovie(
            [
                new PackedTrack
                {
                    Id = head.Header.TrackId,
                    Handler = setup.Handler,
                    Timescale = stream.Timescale,
                    SampleEntry = setup.SampleEntry,
                    Protection = protection,
                    DefaultFlags = stream.Kind == Timeline.MediaKind.Video ? SegmentPacker.NonSyncFlags : SegmentPacker.SyncFlags,
                    Width = setup.Width,
                    Height = setup.Height,
                    Language = LanguageOf(stream),
                },
            ],
            [.. headers.SelectMany(static header => header.Boxes)]);
        return packer.Written.ToArray();
    }

    /// <summary>The key of samples that do not name theirs: what the fragment says, and else what the headers name, where that is one.</summary>
    private static bool TryFindKey(IReadOnlyList<SmoothHeader> headers, FragmentHead head, out PackedProtection? protection, out string reason)
    {
        reason = "";
        KeyId key = default;
        ProtectionScheme scheme = ProtectionScheme.Cenc;
        if (head.Own is { IsProtected: true } own)
        {
            key = own.KeyId;
            scheme = Sinf.FromPiff(head.Algorithm);
        }
        else
        {
            KeyId[] named = [.. headers.SelectMany(static header => header.KeyIds).Distinct()];
            if (named.Length == 1) key = named[0];
            else if (named.Length > 1 && head.IsEncrypted) reason = $"the headers of the manifest name {named.Length} keys, and the fragment does not say which of them it needs";
            if (head.IsEncrypted && headers.Any(static header => header.IsChained)) reason = "the header of the manifest says that samples are encrypted in cipher block chaining mode (AESCBC), and the fragment does not say how";
        }

        protection = reason.Length > 0 ? null : new PackedProtection(key, default, 0, 0) { VectorSize = VectorSize, Scheme = scheme };
        if (scheme == ProtectionScheme.None) reason = $"the algorithm {head.Algorithm} of its encryption is not known";
        return reason.Length == 0;
    }

    private static string LanguageOf(SmoothStream stream) => stream.Language is { Length: 3 } language ? language.ToLowerInvariant() : "und";
}
