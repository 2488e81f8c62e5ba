using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Parsing;

namespace StreamUsage.Snippets;

internal static class CustomParserSnippets
{
    public static void Add()
    {
        #region add
        var options = new StreamUsageOptions().AddParser(new ApiFormat("OLLAMA"), new OllamaParser());
        #endregion
    }

    public static void Register(WebApplicationBuilder builder)
    {
        #region register
        builder.Services.AddSingleton<IUsageParser, OllamaParser>();
        #endregion
    }
}
