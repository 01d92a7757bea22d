using Keyway.Decryption;
using Keyway.Mp4.KeyChecks;
using Keyway.Mp4.Samples;
using Keyway.Protection;

namespace Keyway.Mp4.Opening;

/// <summary>Decrypts the samples of a table where they lie: one lease for all of them, and nothing allocated for any.</summary>
internal static class SampleOpener
{
    public static async ValueTask OpenAsync(SampleTable table, Memory<byte> bytes, IReadOnlyList<PsshBox> announced, IMediaKeys keys, string name, CancellationToken cancellationToken)
    {
        if (NeedsOf(table, announced, keys) is not { } needs) return;
        using IFragmentDecryptor decryptor = await keys.LeaseAsync(needs, cancellationToken).ConfigureAwait(false);
        int failed = Decrypt(table, bytes.Span, decryptor, out DecryptStatus status);
        if (failed >= 0) throw Failure(table, failed, status, name);
    }

    /// <summary>What opens the samples of a table; <see langword="null"/> when all are clear. Then what the fragment announces is told all the same.</summary>
    public static FragmentNeeds? NeedsOf(SampleTable table, IReadOnlyList<PsshBox> announced, IMediaKeys keys)
    {
        if (TryFindKeys(table, out List<KeyId> ids))
        {
            table.KeyCheck?.Begin(table);
            return new FragmentNeeds { Track = table.Track.Facts, Scheme = table.Scheme, KeyIds = ids, Protection = announced };
        }

        if (announced.Count > 0) keys.Announce(announced, table.Scheme);
        return null;
    }

    /// <summary>Decrypts all protected samples.</summary>
    /// <returns>The first that failed; -1 when all are clear.</returns>
    public static int Decrypt(SampleTable table, Span<byte> bytes, ISampleDecryptor decryptor, out DecryptStatus status) =>
        Decrypt(table, 0, table.Count, bytes, 0, decryptor, out status);

    /// <summary>Decrypts the protected ones of some samples.</summary>
    /// <param name="table">The samples.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">Where they lie.</param>
    /// <param name="shift">How much further in than their offsets say.</param>
    /// <param name="decryptor">The lease of their keys.</param>
    /// <param name="status">What became of the one that failed; <see cref="DecryptStatus.Decrypted"/> where its key does not fit.</param>
    /// <returns>The first that failed; -1 when all are clear.</returns>
    public static int Decrypt(SampleTable table, int first, int count, Span<byte> bytes, int shift, ISampleDecryptor decryptor, out DecryptStatus status)
    {
        KeyCheck? check = KeyCheck.IsPossible(table.Entry) ? table.KeyCheck : null;
        KeyEvidence? evidence = null;
        KeyId known = default;
        Span<SampleRow> rows = table.Rows.Slice(first, count);
        for (int i = 0; i < rows.Length; i++)
        {
            ref SampleRow row = ref rows[i];
            if (!table.NeedsKey(row)) continue;
            Span<byte> sample = bytes.Slice(row.Offset + shift, row.Size);
            SampleProtection protection = table.ProtectionOf(row);
            status = decryptor.Decrypt(sample, protection);
            if (status != DecryptStatus.Decrypted) return first + i;
            if (check is null) continue;
            if (evidence is null || known != protection.KeyId) (evidence, known) = (check.Of(protection.KeyId), protection.KeyId);
            if (!evidence.Accepts(table.Entry, sample, protection)) return first + i;
        }

        status = DecryptStatus.Decrypted;
        return -1;
    }

    /// <summary>What is thrown for a sample that could not be decrypted.</summary>
    public static SampleDecryptionException Failure(SampleTable table, int failed, DecryptStatus status, string name) =>
        new(name, table.Track.Id, table.FirstNumber + failed, table.Protections[table.Rows[failed].Protection].KeyId, status);

    private static bool TryFindKeys(SampleTable table, out List<KeyId> ids)
    {
        ids = [];
        if (table.ProtectedCount == 0) return false;
        Span<bool> used = stackalloc bool[Mp4Limits.KeyIds];
        foreach (ref SampleRow row in table.Rows)
            if (table.NeedsKey(row)) used[row.Protection] = true;
        for (int i = 0; i < table.Protections.Count; i++)
            if (used[i] && !ids.Contains(table.Protections[i].KeyId)) ids.Add(table.Protections[i].KeyId);
        return ids.Count > 0;
    }
}
