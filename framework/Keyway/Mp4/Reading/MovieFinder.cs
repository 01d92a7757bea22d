using Keyway.Mp4.Boxes;

namespace Keyway.Mp4.Reading;

/// <summary>Finds the description of a file's tracks, wherever it stands, and reads nothing of its media.</summary>
internal static class MovieFinder
{
    /// <summary>Finds the first <c>moov</c>.</summary>
    /// <param name="input">The file. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The whole box.</returns>
    /// <exception cref="MediaFormatException">There is none.</exception>
    public static async ValueTask<byte[]> FindAsync(Stream input, string name, CancellationToken cancellationToken)
    {
        using BoxWindow window = new(input, name);
        UnitReader units = new(window, structureOnly: true);
        while (await units.NextAsync(cancellationToken).ConfigureAwait(false) is var kind and not UnitKind.End)
        {
            if (kind == UnitKind.Movie) return window.Bytes.ToArray();
            if (kind == UnitKind.Fragment) break;
            TopBox box = units.Box;
            await window.SkipAsync(box.Length, box, cancellationToken).ConfigureAwait(false);
        }

        throw window.Error(window.Position == 0 ? "it is empty" : "no moov: it does not describe the tracks of fragments", "", 0);
    }
}
