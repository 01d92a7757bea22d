using Keyway.Decryption;
using Keyway.MediaUnits;
using Keyway.Mp4.KeyChecks;
using Keyway.Mp4.Samples;
using Keyway.Protection;

namespace Keyway.Mp4.Decrypting;

/// <summary>Decrypts the samples of a table where they lie: one lease for all of them, and nothing allocated for any.</summary>
internal static class SampleOpener
{
    /// <summary>Whether a key of a fragment lives in its session, which has to be waited for.</summary>
    public static bool MayWait(IFragmentDecryptor decryptor, FragmentNeeds needs)
    {
        for (int i = 0; i < needs.KeyIds.Count; i++)
            if (decryptor.BatchBytes(needs.KeyIds[i]) > 0) return true;
        return false;
    }

    /// <summary>What opens the samples of a table; <see langword="null"/> when all are clear. Then what the fragment announces is reported all the same.</summary>
    public static FragmentNeeds? NeedsOf(SampleTable table, IReadOnlyList<PsshBox> announced, IUnitKey? unitKey, IMediaKeys keys)
    {
        if (TryFindKeys(table, out List<KeyId> ids))
        {
            table.KeyCheck?.Begin(table);
            return new FragmentNeeds { Track = table.Track.Facts, Scheme = table.Scheme, KeyIds = ids, UnitKey = unitKey, Protection = announced };
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
    /// <param name="status">The status of the one that failed; <see cref="DecryptStatus.Decrypted"/> where its key does not fit.</param>
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

    /// <summary>Decrypts the protected ones of some samples, in as few batches as their decryptors allow.</summary>
    /// <param name="table">The samples.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">Where they lie.</param>
    /// <param name="shift">How much further in than their offsets say.</param>
    /// <param name="decryptor">The lease of their keys.</param>
    /// <param name="name">The file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SampleDecryptionException">One cannot be decrypted.</exception>
    public static async ValueTask DecryptAsync(
        SampleTable table, int first, int count, Memory<byte> bytes, int shift, IFragmentDecryptor decryptor, string name, CancellationToken cancellationToken)
    {
        for (int next = first; next < first + count;)
        {
            int begin = next;
            int limit = decryptor.BatchBytes(table.Protections[table.Rows[begin].Protection].KeyId);
            if (!table.NeedsKey(table.Rows[begin]) || limit == 0)
            {
                int one = Decrypt(table, next++, 1, bytes.Span, shift, decryptor, out DecryptStatus status);
                if (one >= 0) throw Failure(table, one, status, name);
                continue;
            }

            SampleBatch batch = table.BatchOf(ref next, first + count, limit, bytes, shift, out int[] rows);
            BatchResult result = await decryptor.DecryptAsync(batch, cancellationToken).ConfigureAwait(false);
            int done = result.Status == DecryptStatus.Decrypted ? batch.Count : result.Done;
            int unfit = Judge(table, batch, done, rows);
            if (unfit >= 0) throw Failure(table, unfit, DecryptStatus.Decrypted, name);
            if (done < batch.Count) throw Failure(table, rows[done], result.Status, name);
        }
    }

    /// <summary>Checks the decrypted bytes.</summary>
    /// <returns>The sample that made it certain that the key does not fit; -1 where nothing says so.</returns>
    private static int Judge(SampleTable table, in SampleBatch batch, int count, int[] rows)
    {
        if (table.KeyCheck is not { } check || !KeyCheck.IsPossible(table.Entry)) return -1;
        KeyEvidence evidence = check.Of(batch.KeyId);
        for (int i = 0; i < count; i++)
            if (!evidence.Accepts(table.Entry, batch.SampleAt(i), batch.ProtectionAt(i))) return rows[i];
        return -1;
    }

    /// <summary>What is thrown for a sample that could not be decrypted.</summary>
    public static SampleDecryptionException Failure(SampleTable table, int failed, DecryptStatus status, string name) =>
        new(name, table.Track.Id, table.FirstNumber + failed, table.Protections[table.Rows[failed].Protection].KeyId, status);

    private static bool TryFindKeys(SampleTable table, out List<KeyId> ids)
    {
        ids = new List<KeyId>(1);
        if (table.ProtectedCount == 0) return false;
        Span<bool> used = stackalloc bool[Mp4Limits.KeyIds];
        foreach (ref SampleRow row in table.Rows)
            if (table.NeedsKey(row)) used[row.Protection] = true;
        for (int i = 0; i < table.Protections.Count; i++)
            if (used[i] && !ids.Has(table.Protections[i].KeyId)) ids.Add(table.Protections[i].KeyId);
        return ids.Count > 0;
    }
}
