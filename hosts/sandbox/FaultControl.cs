using System.Text;

namespace Keyway.Sandbox;

/// <summary>Lets whoever knows the text of <c>--control</c> change standing faults while the sandbox runs: a tool that shows people what their player would see.</summary>
internal static class FaultControl
{
    private const int MostCharacters = 8192;

    public static void Map(WebApplication app, string control, StandingFaults standing) => app.MapPut($"/control/{control}/faults", async context =>
    {
        // A page of another origin does not know the text; and if it did, it is no business of a page.
        if (WebPages.IsCrossOrigin(context.Request))
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status403Forbidden, "origin", "Pages may not change faults.");
            return;
        }

        using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
        char[] text = new char[MostCharacters + 1];
        int length = await reader.ReadBlockAsync(text, context.RequestAborted);
        try
        {
            if (length > MostCharacters) throw new FormatException($"There are more than {MostCharacters} characters.");
            standing.Change(new string(text, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (FormatException exception)
        {
            await JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-fault", exception.Message);
        }
    });
}
