namespace Keyway.Mp4;

/// <summary>What the samples of one track say of one key.</summary>
/// <param name="KeyId">The key's identifier, as the samples name it.</param>
/// <param name="Result">What they say.</param>
/// <param name="Samples">How many samples were looked at that could say something. No more are once it is known.</param>
/// <param name="Bytes">How many bytes those have.</param>
public sealed record Mp4CheckedKey(KeyId KeyId, Mp4KeyCheckResult Result, long Samples, long Bytes)
{
    /// <summary>What can be said of a track from what is known of its keys.</summary>
    /// <param name="keys">The keys.</param>
    /// <returns>The worst that is known of one; <see cref="Mp4KeyCheckResult.NotPossible"/> only where that is so of all.</returns>
    public static Mp4KeyCheckResult Together(IReadOnlyList<Mp4CheckedKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        Mp4KeyCheckResult worst = Mp4KeyCheckResult.NotPossible;
        for (int i = 0; i < keys.Count; i++) worst = Rank(keys[i].Result) > Rank(worst) ? keys[i].Result : worst;
        return worst;
    }

    private static int Rank(Mp4KeyCheckResult result) => result switch
    {
        Mp4KeyCheckResult.Fits => 1,
        Mp4KeyCheckResult.TooLittle => 2,
        Mp4KeyCheckResult.Doubtful => 3,
        _ => 0,
    };
}
