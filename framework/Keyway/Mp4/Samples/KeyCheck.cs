using System.Runtime.InteropServices;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.KeyChecks;

namespace Keyway.Mp4.Samples;

/// <summary>Looks whether the keys of one track decrypt to what its samples have, each key until it is known (<see cref="KeyEvidence"/>).</summary>
/// <remarks>Threads: any. What a key has shown stays known, so that damage to the media later on is not taken for a wrong key.</remarks>
internal sealed class KeyCheck
{
    private const string Parts = "subsamples";

    private readonly Lock _lock = new();
    private Dictionary<KeyId, KeyEvidence>? _keys;
    private string? _format;
    private string? _looked;
    private string? _extent;

    /// <summary>Whether anything can be looked at in samples of an entry.</summary>
    public static bool IsPossible(SampleEntry entry) => LookedAt(entry) is not null;

    /// <summary>Notes what is going to be opened.</summary>
    /// <param name="table">Samples of which at least one is protected.</param>
    public void Begin(SampleTable table)
    {
        if (_format is not null) return;
        lock (_lock)
        {
            _extent = "whole samples";
            foreach (ref SampleRow row in table.Rows)
            {
                if (!table.NeedsKey(row)) continue;
                if (row.SubsampleCount > 0) _extent = Parts;
                break;
            }

            _looked = table.Entry.ClearFormat == FourCc.Vp09 && _extent == Parts ? "marker bits" : LookedAt(table.Entry);
            _format = table.Entry.Syntax.IsEven ? table.Entry.Facts.Codec : FourCc.Text(table.Entry.ClearFormat);
        }
    }

    /// <summary>What is known of a key, and takes what comes to be known.</summary>
    public KeyEvidence Of(KeyId id)
    {
        lock (_lock)
        {
            ref KeyEvidence? evidence = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys ??= [], id, out _);
            return evidence ??= new KeyEvidence();
        }
    }

    /// <summary>What was found out about each key.</summary>
    public IReadOnlyList<Mp4CheckedKey> ToKeys()
    {
        lock (_lock)
        {
            if (_keys is null) return [];
            List<Mp4CheckedKey> keys = new(_keys.Count);
            foreach ((KeyId id, KeyEvidence evidence) in _keys) keys.Add(evidence.ToResult(id));
            return keys;
        }
    }

    /// <summary>What was found.</summary>
    /// <returns><see langword="null"/> when nothing was decrypted.</returns>
    public Mp4KeyCheck? ToResult()
    {
        lock (_lock)
        {
            if (_format is null) return null;
            Mp4KeyCheckResult result = Mp4CheckedKey.Together(ToKeys());
            return new Mp4KeyCheck(result, $"{_format}, {(result == Mp4KeyCheckResult.NotPossible ? _extent : _looked)}");
        }
    }

    private static string? LookedAt(SampleEntry entry) => entry.Syntax.Name ?? KeySignature.NameOf(entry.ClearFormat);
}
