namespace Keyway.Sandbox;

/// <summary>Faults that requests need not ask for: of the command line, until somebody who may changes them.</summary>
/// <remarks>Threads: any.</remarks>
internal sealed class StandingFaults
{
    private State _state;

    /// <param name="faults">Those of the command line: paths, and what happens there.</param>
    public StandingFaults(IReadOnlyList<KeyValuePair<string, Fault>> faults) => _state = new State(faults, [], 0);

    /// <summary>The faults of a request, and how often they have been changed. Adds to the request's query what is to be added.</summary>
    public (IReadOnlyList<KeyValuePair<string, Fault>> Faults, int Generation) Of(HttpRequest request)
    {
        State state = Volatile.Read(ref _state);
        foreach ((string path, string query) in state.Queries)
            if (string.Equals(path, request.Path.Value, StringComparison.OrdinalIgnoreCase)) request.QueryString = request.QueryString.Add(new QueryString("?" + query));
        return (state.Faults, state.Generation);
    }

    /// <summary>Puts others in their place.</summary>
    /// <param name="lines">A line each: <c>PATH=PARTS</c>, or <c>PATH?QUERY</c>.</param>
    /// <exception cref="FormatException">A line is neither.</exception>
    public void Change(IEnumerable<string> lines)
    {
        List<KeyValuePair<string, Fault>> faults = [];
        List<KeyValuePair<string, string>> queries = [];
        foreach (string line in lines)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal), mark = line.IndexOf('?', StringComparison.Ordinal);
            if (!line.StartsWith('/')) throw new FormatException("A line is PATH=PARTS or PATH?QUERY.");
            if (mark > 0 && (equals < 0 || mark < equals)) queries.Add(new(line[..mark], line[(mark + 1)..]));
            else if (equals > 0) faults.Add(new(line[..equals], Fault.Parse(line[(equals + 1)..])));
            else throw new FormatException("A line is PATH=PARTS or PATH?QUERY.");
        }

        Volatile.Write(ref _state, new State(faults, queries, Volatile.Read(ref _state).Generation + 1));
    }

    private sealed record State(IReadOnlyList<KeyValuePair<string, Fault>> Faults, IReadOnlyList<KeyValuePair<string, string>> Queries, int Generation);
}
