namespace Keyway.Sandbox;

/// <summary>What clients need of the sandbox's own making: whom to trust, and a device to be.</summary>
internal static class AuthorityEndpoints
{
    /// <summary>What the front page says about these addresses.</summary>
    public const string Help = """
        GET /trust                what clients must trust, by system; binary values in base64
        POST /credential/SYSTEM   a new throw-away device: its files in base64, {"NAME":"…"}
                                  Not for pages of another origin. The same without a server: credential --system SYSTEM --out DIR [--data DIR]
        """;

    /// <summary>Adds the addresses.</summary>
    /// <param name="routes">Where to add them.</param>
    /// <param name="authorities">The systems that have certificates.</param>
    public static void Map(IEndpointRouteBuilder routes, IReadOnlyList<IAuthority> authorities)
    {
        routes.MapGet("/trust", (RequestDelegate)(context => JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            foreach (IAuthority authority in authorities)
            {
                json.WriteStartObject(authority.System);
                authority.WriteTrust(json);
                json.WriteEndObject();
            }
        })));

        foreach (IAuthority authority in authorities)
            routes.MapPost($"/credential/{authority.System}", (RequestDelegate)(context => IssueAsync(context, authority)));
    }

    private static Task IssueAsync(HttpContext context, IAuthority authority)
    {
        // No page needs a device, and a browser sends such a request for any page that asks for it.
        if (WebPages.IsCrossOrigin(context.Request))
            return JsonAnswer.ErrorAsync(context, StatusCodes.Status403Forbidden, "cross-origin", "A page of another origin gets no device.");

        IReadOnlyList<CredentialFile> files;
        try
        {
            files = authority.Issue(Parameters.Of(context.Request.Query));
        }
        catch (FormatException e)
        {
            return JsonAnswer.ErrorAsync(context, StatusCodes.Status400BadRequest, "bad-parameter", e.Message);
        }

        return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            foreach (CredentialFile file in files) json.WriteBase64String(file.Member, file.Content);
        });
    }
}
