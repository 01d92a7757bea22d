using System.Runtime.CompilerServices;

namespace Keyway.Testing;

/// <summary>Waits for what other threads do. The time-out is for tests that fail; one that passes takes as long as the work.</summary>
public static class Eventually
{
    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="text">Left out: the compiler fills in the condition's text.</param>
    /// <returns>A task that ends when it holds.</returns>
    /// <exception cref="TimeoutException">It never did.</exception>
    public static async Task Is(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        long begun = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(20)) throw new TimeoutException($"never came true: {text}");
            await Task.Delay(1).ConfigureAwait(false);
        }
    }
}
