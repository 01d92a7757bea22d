using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>
/// Every pair of state and input, written by hand (docs/architecture.md, "Sessions"). One row a state, one column an input; a cell is the state that is
/// entered and what is done: x start an exchange, + ask afterwards, ! report a failure, 0 revoke keys, - leave the table, # end. A dot: nothing happens.
/// </summary>
public class SessionMachineTests
{
    private static readonly SessionInput[] Columns =
    [
        SessionInput.Ready, SessionInput.LicenseWanted, SessionInput.HeaderFound, SessionInput.ExchangeRequested, SessionInput.RenewalDue,
        SessionInput.AnotherNeeded, SessionInput.LicenseAccepted, SessionInput.NothingAccepted, SessionInput.ExchangeFailed,
        SessionInput.TimeRanOut, SessionInput.KeysUsable, SessionInput.ReleaseWanted, SessionInput.Broke, SessionInput.Disposed,
    ];

    private static readonly Dictionary<SessionState, string> Rows = new()
    {
        //                       Ready    LicenseWanted HeaderFound  ExchangeReq.  RenewalDue  AnotherNeeded LicAccepted NothingAcc.   ExchFailed   TimeRanOut KeysUsable ReleaseWanted  Broke        Disposed
        [SessionState.Created] = "Usable  Acquiring:x   Acquiring:x  Acquiring:x   .           .             .           .             .            Expired    Usable     .              Failed:!0-#  Closed:0-#",
        [SessionState.Acquiring] = ".     .             :+           :x            .           :x            Usable      Failed:!0-#   Failed:!0-#  .          Renewing   .              Failed:!0-#  Closed:0-#",
        [SessionState.Usable] = ".        Renewing:x    Renewing:x   Renewing:x    Renewing:x  .             .           .             .            Expired    .          Releasing:x0-  Failed:!0-#  Closed:0-#",
        [SessionState.Renewing] = ".      :+            :+           :x            .           :x            Usable      Expired       Usable:!     Expired    .          Releasing:x0-  Failed:!0-#  Closed:0-#",
        [SessionState.Expired] = ".       Acquiring:x   Acquiring:x  Acquiring:x   .           Acquiring:x   Usable      .             :!           .          Usable     Releasing:x0-  Failed:!0-#  Closed:0-#",
        [SessionState.Releasing] = ".     .             .            :x            .           :x            Released:0-# Released:0-# Failed:!0-#  .          .          .              Failed:!0-#  Closed:0-#",
        [SessionState.Released] = ".      .             .            .             .           .             .           .             .            .          .          .              .            Closed",
        [SessionState.Failed] = ".        .             .            .             .           .             .           .             .            .          .          .              .            Closed",
        [SessionState.Closed] = ".        .             .            .             .           .             .           .             .            .          .          .              .            .",
    };

    public static TheoryData<string, string, string> Cells()
    {
        TheoryData<string, string, string> data = [];
        foreach ((SessionState state, string row) in Rows)
        {
            string[] cells = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            cells.Should().HaveCount(Columns.Length, $"of the row {state}");
            for (int i = 0; i < cells.Length; i++) data.Add(state.ToString(), Columns[i].ToString(), cells[i]);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Machine_does_what_the_table_says(string state, string input, string cell)
    {
        SessionState from = Enum.Parse<SessionState>(state);
        string[] parts = cell.Split(':');
        SessionState to = parts[0] is "." or "" ? from : Enum.Parse<SessionState>(parts[0]);
        SessionOutputs outputs = SessionOutputs.None;
        foreach (char output in parts.Length > 1 ? parts[1] : "")
        {
            outputs |= output switch
            {
                'x' => SessionOutputs.StartExchange,
                '+' => SessionOutputs.AskAfterwards,
                '!' => SessionOutputs.ReportFailure,
                '0' => SessionOutputs.RevokeKeys,
                '-' => SessionOutputs.LeaveTable,
                '#' => SessionOutputs.End,
                _ => throw new ArgumentException($"{output} means nothing", nameof(cell)),
            };
        }

        SessionMachine.Next(from, Enum.Parse<SessionInput>(input)).Should().Be(new SessionStep(to, outputs));
    }

    [Fact]
    public void Table_names_every_state_and_every_input()
    {
        Rows.Keys.Should().BeEquivalentTo(Enum.GetValues<SessionState>().Where(state => state != SessionState.None));
        Columns.Should().BeEquivalentTo(Enum.GetValues<SessionInput>().Where(input => input != SessionInput.None));
    }

    [Fact]
    public void Terminal_states_lead_nowhere_but_to_closed()
    {
        foreach (SessionState state in new[] { SessionState.Failed, SessionState.Released, SessionState.Closed })
            foreach (SessionInput input in Columns)
                SessionMachine.Next(state, input).State.Should().Match(next => next == state || next == SessionState.Closed);
    }
}
