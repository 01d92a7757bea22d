namespace Keyway.Decryption;

/// <summary>How far a <see cref="SampleBatch"/> came.</summary>
public readonly record struct BatchResult
{
    /// <summary><see cref="DecryptStatus.Decrypted"/> when every sample is clear; otherwise the status of the first that is not.</summary>
    public required DecryptStatus Status { get; init; }

    /// <summary>How many samples are clear, counted from the first. The others are untouched.</summary>
    public required int Done { get; init; }

    /// <summary>With <see cref="DecryptStatus.NotNow"/>: how long to wait before asking again. <see langword="null"/>: the caller decides.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
