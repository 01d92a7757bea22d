namespace Keyway.Architecture;

/// <summary>Finds what leads back to itself.</summary>
internal static class Circles
{
    /// <summary>The steps that are part of a circle: each leads to where its own beginning can be reached from.</summary>
    public static IEnumerable<(string From, string To)> Among(IReadOnlyCollection<(string From, string To)> steps)
    {
        ILookup<string, string> next = steps.ToLookup(static step => step.From, static step => step.To);
        return steps.Where(step => step.From != step.To && Reaches(step.To, step.From)).Distinct();

        bool Reaches(string from, string wanted)
        {
            HashSet<string> seen = [from];
            Stack<string> open = new(seen);
            while (open.TryPop(out string? place))
            {
                if (place == wanted) return true;
                foreach (string each in next[place])
                    if (seen.Add(each)) open.Push(each);
            }

            return false;
        }
    }
}
