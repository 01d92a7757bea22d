using System.Text;

namespace Keyway.Cli;

/// <summary>What programs of our own say when they run as children.</summary>
internal static class ChildOutput
{
    /// <summary>Hands on what a child says, and keeps the beginning for the case that it ends at once.</summary>
    public static async Task<string> CopyAsync(StreamReader from, TextWriter to)
    {
        const int kept = 4096;
        StringBuilder beginning = new();
        while (await from.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
        {
            if (beginning.Length < kept) beginning.AppendLine(line);
            await to.WriteLineAsync(Shown.Text(line)).ConfigureAwait(false);
        }

        return beginning.ToString();
    }
}
