using Keyway.Decryption;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>Decrypts the samples of a table where they lie: one lease for all of them, and nothing allocated for any.</summary>
internal static class SampleOpener
{
    public static async ValueTask OpenAsync(SampleTable table, Memory<byte> bytes, IReadOnlyList<PsshBox> announced, IMediaKeys keys, string name, CancellationToken cancellationToken)
    {
        if (!TryFindKeys(table, out List<KeyId> ids))
        {
            if (announced.Count > 0) keys.Announce(announced, table.Scheme);
            return;
        }

        FragmentNeeds needs = new() { Track = table.Track.Facts, Scheme = table.Scheme, KeyIds = ids, Protection = announced };
        using IFragmentDecryptor decryptor = await keys.LeaseAsync(needs, cancellationToken).ConfigureAwait(false);
        int failed = Decrypt(table, bytes.Span, decryptor, out DecryptStatus status);
        if (failed >= 0)
            throw new SampleDecryptionException(name, table.Track.Id, table.FirstNumber + failed, table.Protections[table.Rows[failed].Protection].KeyId, status);
    }

    /// <summary>Decrypts all protected samples.</summary>
    /// <returns>The first that failed; -1 when all are clear.</returns>
    public static int Decrypt(SampleTable table, Span<byte> bytes, ISampleDecryptor decryptor, out DecryptStatus status)
    {
        Span<SampleRow> rows = table.Rows;
        for (int i = 0; i < rows.Length; i++)
        {
            ref SampleRow row = ref rows[i];
            if (!table.NeedsKey(row)) continue;
            status = decryptor.Decrypt(bytes.Slice(row.Offset, row.Size), table.ProtectionOf(row));
            if (status != DecryptStatus.Decrypted) return i;
        }

        status = DecryptStatus.Decrypted;
        return -1;
    }

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
