use super::*;

fn redacted(text: &str) -> String {
    let names = Names::new([].into_iter(), [].into_iter());
    let once = replaced(text, &names);
    assert_eq!(replaced(&once, &names), once, "a second pass changes nothing");
    once
}

fn replaced(text: &str, names: &Names) -> String {
    let mut redacted = text.to_owned();
    for (start, end) in find(text, Signs::of(text.as_bytes()), names).into_iter().rev() {
        redacted.replace_range(start..end, MARK);
    }
    redacted
}

#[track_caller]
fn check(text: &str, want: &str) {
    assert_eq!(redacted(text), want, "from {text}");
}

#[test]
fn the_value_after_a_redacted_name_is_replaced() {
    check("password = hunter2, x = 1", "password = [redacted], x = 1");
    check("password: hunter2", "password: [redacted]");
    check(r#"{"password": "hunter2", "a": 1}"#, r#"{"password": "[redacted]", "a": 1}"#);
    check("{'user_password': 'hun\\'ter2', 'a': 1}", "{'user_password': '[redacted]', 'a': 1}");
    check("password=>hunter2", "password=>[redacted]");
    check("('password', 'hunter2')", "('password', '[redacted]')");
    check("[b'token', b'hunter2']", "[b'token', b'[redacted]']");
    check("/pay?a=1&access_token=hunter2&b=2", "/pay?a=1&access_token=[redacted]&b=2");
    check("config['token'] = 'hunter2'", "config['token'] = '[redacted]'");
    check("if password == 'hunter2':", "if password == '[redacted]':");
    check("api key: hunter2", "api key: [redacted]");
    check("card number: 4111 1111 1111 1111 refused", "card number: [redacted] refused");
    check("login(password='hunter2', user='a')", "login(password='[redacted]', user='a')");
}

#[test]
fn headers_keep_their_scheme_and_lose_the_rest() {
    check("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]");
    check("'Authorization': 'Basic eHg6eXk='", "'Authorization': 'Basic [redacted]'");
    check("Cookie: a=b; c=d\nHost: x", "Cookie: [redacted]\nHost: x");
    check(r"Set-Cookie: a=b; Path=/\r\nHost: x", r"Set-Cookie: [redacted]\r\nHost: x");
    check(r#"curl -H "Cookie: a=b; c=d" http://x"#, r#"curl -H "Cookie: [redacted]" http://x"#);
    check("Authorization: Digest username=\"x\", response=\"y\"", "Authorization: [redacted]");
}

#[test]
fn escaped_and_encoded_texts_are_read() {
    check(
        r"'Host: shop.example\nAuthorization: Bearer abc123\n'",
        r"'Host: shop.example\nAuthorization: Bearer [redacted]\n'",
    );
    check(r#"'{\'password\': \'hunter2\', "a": 1}'"#, r#"'{\'password\': \'[redacted]\', "a": 1}'"#);
    check(r#""{\"password\": \"hunter2\"}""#, r#""{\"password\": \"[redacted]\"}""#);
    check(r#"{\\\"password\\\": \\\"hun\\\\\\\"ter2\\\", x"#, r#"{\\\"password\\\": \\\"[redacted]\\\", x"#);
    check("http://x/?next=%2F%3Ftoken%3Dhunter2%26a%3D1", "http://x/?next=%2F%3Ftoken%3D[redacted]%26a%3D1");
    check("?q=%7B%22password%22%3A%22hunter2%22%7D", "?q=%7B%22password%22%3A%22[redacted]%22%7D");
    check("?user%5Bpassword%5D=hunter2&a=1", "?user%5Bpassword%5D=[redacted]&a=1");
    check("?a=%2526token%253Dhunter2%2526b", "?a=%2526token%253D[redacted]%2526b");
}

#[test]
fn a_quote_that_opens_with_more_backslashes_than_it_closes_ends_after_a_whole_character() {
    check(r#"password \"é"""#, r#"password \"[redacted]"""#);
    check(r#"password \\"né\""#, r#"password \\"[redacted]\""#);
    check(r#"<input name=\"password" value=\"é">"#, r#"<input name=\"password" value=\"[redacted]">"#);
}

#[test]
fn an_expression_goes_as_a_whole() {
    check("password=SecretStr('hunter2'), a=1", "password=[redacted], a=1");
    check("tokens = ['hunter2', 'x'] # a", "tokens = [redacted] # a");
    check("password = get() or 'hunter2'", "password = [redacted] or '[redacted]'");
    check("password = 'hun' 'ter2'", "password = '[redacted]' '[redacted]'");
    check("def f(password: str = 'hunter2', a=1):", "def f(password: str = '[redacted]', a=1):");
    check("def f(password: str, a: int) -> None:", "def f(password: str, a: int) -> None:");
    check("def f(password: Secret = 'hunter2')", "def f(password: [redacted] = '[redacted]')");
    check("password = token = 'hunter2'", "password = [redacted] = '[redacted]'");
    check("password = \"\"\"hun\"ter2\"\"\" x", "password = \"\"\"[redacted]\"\"\" x");
}

#[test]
fn a_cut_value_is_replaced_to_the_end() {
    check("'password': 'hunter", "'password': '[redacted]");
    check("password=['hunter", "password=[redacted]");
    check("password=", "password=");
    check("password: ''", "password: ''");
}

#[test]
fn flags_and_addresses_lose_their_secrets() {
    check("mysql --password hunter2 -h x", "mysql --password [redacted] -h x");
    check("mysql --password=hunter2 -h x", "mysql --password=[redacted] -h x");
    check("['mysql', '--password', 'hunter2']", "['mysql', '--password', '[redacted]']");
    check("postgres://shop:hunter2@db:5432/x?a=1", "postgres://shop:[redacted]@db:5432/x?a=1");
    check("https://shop.example:8080/a@b", "https://shop.example:8080/a@b");
}

#[test]
fn a_word_after_a_name_goes_when_it_looks_like_a_secret() {
    check("password is hunter2x9, sorry", "password is [redacted], sorry");
    check("the db_password was changed to hunter2x9.", "the db_password was changed to [redacted].");
    check("token abc123xyz rejected", "token [redacted] rejected");
    check("bad API key 9f8e7d6c5b for user 7", "bad API key [redacted] for user 7");
    check("RuntimeError: token is abc123xyz", "RuntimeError: token is [redacted]");
    check("machine x login ada password swordfish", "machine x login ada password [redacted]");
    check("//ada:hunter2@db/x", "//ada:[redacted]@db/x");
    check("login('ada', 'hunter2')", "login('ada', '[redacted]')");
    for text in [
        "password is required since 2026-11-26T10, it says",
        "token expired after 30days",
        "password pbkdf2_sha256 is slow",
        "secret base64 is no encryption",
        "token v1.20.3 of the parser",
        "unexpected token at line12345 of x",
        "the password, 12345678 of them",
        "token /api/v2/tokens",
        "password_length abc123xyz",
        "passwords is a table of user2024",
        "login('ada')",
        "//example.org:8080/a@b",
        "see // note: a b@c",
    ] {
        check(text, text);
    }
}

#[test]
fn everything_else_stays() {
    for text in [
        "Traceback (most recent call last):\n  File \"/srv/token/auth.py\", line 3, in password\n    x = y[1:2]\n",
        "jwt.exceptions.InvalidTokenError: Signature has expired",
        "KeyError: 'password'",
        "token_count=5, password_length: 7, author: me",
        "100% = all, 12:30:00, a::b, -- none",
        "the password, the token and the secret",
        "grüße = größe: ök",
    ] {
        check(text, text);
    }
}

const HEAD: &str = "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in f\n";
const TAIL: &str = "  File \"/srv/b.py\", line 9, in g\n    raise ValueError(x)\nValueError: bad\n";

#[track_caller]
fn check_line(line: &str, want: &str) {
    for margin in ["", "  | ", "    | "] {
        let inset = |text: String| {
            text.split_inclusive('\n').map(|line| format!("{margin}{line}")).collect::<String>()
        };
        let text = inset(format!("{HEAD}    {line}\n{TAIL}"));
        check(&text, &inset(format!("{HEAD}    {want}\n{TAIL}")));
    }
    // The same in a `repr`.
    let escape = |text: String| format!("'{}'", text.replace('\'', "\\'").replace('\n', "\\n"));
    check(&escape(format!("{HEAD}    {line}\n{TAIL}")), &escape(format!("{HEAD}    {want}\n{TAIL}")));
}

#[test]
fn what_a_source_line_opens_ends_with_the_line() {
    check_line("password = \"\"\"", "password = \"\"\"");
    check_line("password = 'hunter2' + \"\"\"hunter", "password = '[redacted]' + \"\"\"[redacted]");
    check_line("auth={'user': 1,", "auth=[redacted]");
    check_line("token = fetch('hunter2',", "token = [redacted]");
    check_line("login(\"token\",", "login(\"token\",");
    check_line("{\"password\":", "{\"password\":");
    check_line("call(token=(1, \"hunter", "call(token=[redacted]");
}

#[test]
fn an_expression_of_names_stays_in_source_lines() {
    for line in [
        "token = fetch(",
        "session = Session(",
        "auth={",
        "token = get_token(user)",
        "token = self.tokens[user.id].value or default(a, b=c)",
        "login(password=config.password, user=user)",
        "with open(path) as token: return read(token=token)",
        "config[\"token\"] = load(user)",
        "x = {\"password\": form.password}",
    ] {
        check_line(line, line);
    }
    check_line("token = get_token(user, 'hunter2')", "token = [redacted]");
    check_line("pin = parse(1234)", "pin = [redacted]");
    check_line("get(\"/?token=hunter&a=b\")", "get(\"/?token=[redacted]&a=b\")");
    check_line("x()  # token = hunter", "x()  # token = [redacted]");
    check("token = get_token(user)", "token = [redacted]");
}

#[test]
fn a_statement_of_several_lines_goes_up_to_its_end() {
    check(
        &format!("{HEAD}    auth={{\n        'password': 'hunter2',\n    }}\n    ^^^^\n{TAIL}"),
        &format!("{HEAD}    auth=[redacted]\n    ^^^^\n{TAIL}"),
    );
    check(
        &format!("{HEAD}    password = \"\"\"\n    hunter2\n    \"\"\"\n{TAIL}"),
        &format!("{HEAD}    password = \"\"\"[redacted]\"\"\"\n{TAIL}"),
    );
    check(
        &format!("{HEAD}    token = fetch(\n        'hunter2',\n    )\n{TAIL}"),
        &format!("{HEAD}    token = [redacted]\n{TAIL}"),
    );
}

#[test]
fn a_cut_value_goes_to_the_end_but_not_over_frames() {
    check("password=['hunter\nhunter2", "password=[redacted]");
    check("password = fetch(\nnext line", "password = [redacted]\nnext line");
    check("password = fetch(\n    'hunter2'", "password = [redacted]");
    check("password = fetch('hun\nter2", "password = [redacted]");
    check(
        &format!("ValueError: password='hunter2\nhunter\n\n{HEAD}    a\nE: a"),
        &format!("ValueError: password='[redacted]\n{HEAD}    a\nE: a"),
    );
}

#[test]
fn the_line_of_a_frame_is_no_row_of_a_table() {
    let text = format!("{HEAD}    password, token, password\n{HEAD}    x\n");
    check(&text, &text);
}

#[test]
fn a_frame_after_a_cut_value_keeps_its_line() {
    for value in [r#"\npassword=""""#, "password = '", "password=[[[[[[[[[[[[[["] {
        let got = redacted(&format!("{HEAD}    {value}\n{TAIL}"));
        assert!(got.ends_with(&format!("\n{TAIL}")), "{value} -> {got}");
    }
}

#[test]
fn a_quoted_name_after_a_name_is_no_value() {
    check("bad token \"pin\": \"1234\"", "bad token \"pin\": \"[redacted]\"");
    check("bad token 'pin' = '1234'", "bad token 'pin' = '[redacted]'");
    check("bad token 'hunter2': no", "bad token '[redacted]': no");
}

#[test]
fn a_value_before_a_comparison_does_not_begin_in_the_line_of_its_frame() {
    check(
        &format!("{HEAD}    \"hunter2\" == password\n{TAIL}"),
        &format!("{HEAD}    \"[redacted]\" == password\n{TAIL}"),
    );
    let cut = format!("{HEAD}    hunter\" == password\n{TAIL}");
    check(&cut, &cut);
}

#[test]
fn sql_loses_the_values_of_redacted_columns() {
    check(
        "(x) [SQL: INSERT INTO u (id, name, password) VALUES (?, ?, ?)]\n[parameters: (2, 'same', 'S')]\n(Background",
        "(x) [SQL: INSERT INTO u (id, name, password) VALUES (?, ?, ?)]\n[parameters: [redacted]]\n(Background",
    );
    check(
        r"'[SQL: UPDATE u SET name=%(n)s WHERE u.password = 1]\n[parameters: {\'n\': \'S\'}]'",
        r"'[SQL: UPDATE u SET name=%(n)s WHERE u.password = [redacted]]\n[parameters: [redacted]]'",
    );
    let innocent = "[SQL: SELECT id FROM sessions WHERE name = 'token']\n[parameters: (2, 'a')]";
    check(innocent, innocent);
    check("INSERT INTO u (password) VALUES ('S')", "INSERT INTO u (password) VALUES ('[redacted]')");
    check(
        "insert into u (id, `pass``, token)\nvalues (1, 'a)', x'S'), (:a, NULL, $1) -- b",
        "insert into u (id, `pass``, token)\nvalues ([redacted], '[redacted]', x'[redacted]'), (:a, NULL, $1) -- b",
    );
    check(
        "execute(\"INSERT INTO u (password) VALUES ('S')\", 5)",
        "execute(\"INSERT INTO u (password) VALUES ('[redacted]')\", 5)",
    );
    check("UPDATE u SET `password` = 'S', a='b'", "UPDATE u SET `password` = '[redacted]', a='b'");
    check("CREATE USER a IDENTIFIED BY 'S'", "CREATE USER a IDENTIFIED BY '[redacted]'");
    check("ALTER USER a PASSWORD 'S1'", "ALTER USER a PASSWORD '[redacted]'");
    let innocent = "INSERT INTO tokens (id) VALUES (1, 'a')";
    check(innocent, innocent);
}

#[test]
fn the_input_of_a_redacted_field_goes() {
    check(
        "2 validation errors for Login\npassword\n  Too short [type=a, input_value='S, x', input_type=str]\nname\n  Bad [type=b, input_value=5, input_type=int]",
        "2 validation errors for Login\npassword\n  Too short [type=a, input_value='[redacted]', input_type=str]\nname\n  Bad [type=b, input_value=5, input_type=int]",
    );
    check(
        r#"'1 error\nuser.password\n  Bad [input_value="S", a=1]'"#,
        r#"'1 error\nuser.password\n  Bad [input_value="[redacted]", a=1]'"#,
    );
}

#[test]
fn prose_goes_up_to_its_end() {
    check("password: correct S battery", "password: [redacted]");
    check("password: correct S, user: a b", "password: [redacted], user: a b");
    check("password: correct S user: bob", "password: [redacted] user: bob");
    check("passwords: a, S", "passwords: [redacted]");
    check("token: unexpected end", "token: [redacted]");
    check("expected token: a of b", "expected token: [redacted] of b");
    check("TokenError: unexpected end of b", "TokenError: unexpected end of b");
    check("password:\n  S\nuser:\n  bob", "password:\n  [redacted]\nuser:\n  bob");
    check("a:\n  credentials:\n    a: b\n    S\n  c: d", "a:\n  credentials:\n    [redacted]\n  c: d");
    check("password is 'S'", "password is '[redacted]'");
    check("token 'S' is invalid", "token '[redacted]' is invalid");
    check("secret \"S\" rejected", "secret \"[redacted]\" rejected");
    check(r"'api key \'S\' rejected'", r"'api key \'[redacted]\' rejected'");
    for text in [
        "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
        "expected token 'end of print statement', got 'x'",
        "print(a, 'the token ', 'x')",
        "print('the token ' + x + 'y')",
        "bad token '%s'",
        "bad token '{token}'",
        "KeyError: 'token'",
    ] {
        check(text, text);
    }
}

#[test]
fn elements_tables_and_flags_lose_their_secrets() {
    check("<a><password>S</password></a>", "<a><password>[redacted]</password></a>");
    check("<ns:token type='a'>S</ns:token>", "<ns:token type='a'>[redacted]</ns:token>");
    check("<token><![CDATA[S]]></token>", "<token><![CDATA[[redacted]]]></token>");
    check("usage: <token> <name>", "usage: <token> <name>");
    check("password\tS", "password\t[redacted]");
    check("| password | S |", "| password | [redacted] |");
    check(
        "id,password,a\n1,S,2\n3,\"S,S\",4\n\nb,c",
        "id,password,a\n1,[redacted],2\n3,\"[redacted]\",4\n\nb,c",
    );
    check("id\ttoken\ta\n1\tS\t2", "id\ttoken\ta\n1\t[redacted]\t2");
    check(
        "| id | password |\n|----|----------|\n| 1  | S x |\n",
        "| id | password |\n|----|----------|\n| 1  | [redacted] |\n",
    );
    check(r"'id,password\n1,S'", r"'id,password\n1,[redacted]'");
    check("mysql -u a -pS db", "mysql -u a -p[redacted] db");
    check("['mysqldump', '-pS']", "['mysqldump', '-p[redacted]']");
    check("git add -p x -python", "git add -p x -python");
    check("got Bearer hunter2 from b", "got Bearer [redacted] from b");
    check("'Bearer abc.def.'", "'Bearer [redacted].'");
    check("BEARER = 'hunter2'", "BEARER = '[redacted]'");
    check("BEARER == 'hunter2'", "BEARER == '[redacted]'");
    check("bearer - none", "bearer - none");
    check("Bearer tokens, Bearer realm=\"a\"", "Bearer tokens, Bearer realm=\"a\"");
    check("ＰＡＳＳＷＯＲＤ=S", "ＰＡＳＳＷＯＲＤ=[redacted]");
}

#[test]
fn escapes_and_entities_are_read_as_what_they_stand_for() {
    check(r"\u0022password\u0022: \u0022S\u0022", r"\u0022password\u0022: \u0022[redacted]\u0022");
    check(r"a=1, password\x3dS, b", r"a=1, password\x3d[redacted], b");
    check("&lt;password&gt;S&lt;/password&gt;", "&lt;password&gt;[redacted]&lt;/password&gt;");
    check("&quot;token&quot;: &quot;S&quot;", "&quot;token&quot;: &quot;[redacted]&quot;");
    check("ｐａｓｓｗｏｒｄ＝S", "ｐａｓｓｗｏｒｄ＝[redacted]");
    check("“password”: “S”, a", "“password”: “[redacted]”, a");
    check("password%20=%20S&a", "password%20=%20[redacted]&a");
    check(r"'id\tpassword\n1\tS'", r"'id\tpassword\n1\t[redacted]'");
    check(r#""'id,password\\n1,S'""#, r#""'id,password\\n1,[redacted]'""#);
    check(r#"'{ "password":\n  "S" }'"#, r#"'{ "password":\n  "[redacted]" }'"#);
    check(r"'password:\n  S\nuser:'", r"'password:\n  [redacted]\nuser:'");
}

#[test]
fn an_apostrophe_before_a_name_hides_nothing() {
    check("user's password: S", "user's password: [redacted]");
    check("it's token=S", "it's token=[redacted]");
    check("'user\\'s password: S'", "'user\\'s password: [redacted]'");
    check_line("f(\"user's password: S\")", "f(\"user's password: [redacted]\")");
}

#[test]
fn statements_lose_what_belongs_to_redacted_columns() {
    let want = |before: &str, after: &str| check(before, after);
    want(
        "SELECT * FROM u WHERE password LIKE 'S%' AND a = 'b'",
        "SELECT * FROM u WHERE password LIKE '[redacted]' AND a = 'b'",
    );
    want(
        "select a from u where u.token in ('S', 'T') limit 5",
        "select a from u where u.token in ('[redacted]', '[redacted]') limit 5",
    );
    want("DELETE FROM u WHERE password <> 'S'", "DELETE FROM u WHERE password <> '[redacted]'");
    want(
        "SELECT * FROM u WHERE token BETWEEN 'S' AND 'T'",
        "SELECT * FROM u WHERE token BETWEEN '[redacted]' AND '[redacted]'",
    );
    want("SELECT 1 FROM u WHERE 'S' = password", "SELECT 1 FROM u WHERE '[redacted]' = password");
    want("SELECT 'S' AS password FROM u", "SELECT '[redacted]' AS password FROM u");
    want(
        "INSERT INTO u (id, token) SELECT 5, 'S'",
        "INSERT INTO u (id, token) SELECT [redacted], '[redacted]'",
    );
    want("SET PASSWORD FOR 'a' = 'S'", "SET PASSWORD FOR '[redacted]' = '[redacted]'");
    want("Failing row contains (1, a, S).", "Failing row contains ([redacted]).");
    want("Duplicate entry 'S' for key 'users.token'", "Duplicate entry '[redacted]' for key 'users.token'");
    for innocent in [
        "SELECT \"session\".\"id\" FROM \"session\" WHERE \"session\".\"name\" LIKE 'a' LIMIT 21",
        "Duplicate entry 'a' for key 'users.name'",
        "execute(\"SELECT a FROM u WHERE name = ?\", (\"b\", 5))",
        "select the token from 'a', 'b'",
        "update the token to 5, (\"a\")",
    ] {
        check(innocent, innocent);
    }
}

#[test]
fn parameters_beside_a_statement_go() {
    for (call, want) in [
        (
            "execute(\"SELECT 1 FROM u WHERE token IN (?)\", (\"S\", 1))",
            "execute(\"SELECT 1 FROM u WHERE token IN (?)\", (\"[redacted]\", [redacted]))",
        ),
        (
            "execute(\"INSERT INTO u (token) VALUES (%s)\", [\"S\"], a)",
            "execute(\"INSERT INTO u (token) VALUES (%s)\", [\"[redacted]\"], a)",
        ),
        (
            "run(text(\"SELECT 1 FROM u WHERE token LIKE :p\"), {\"p\": \"S\"})",
            "run(text(\"SELECT 1 FROM u WHERE token LIKE :p\"), {\"[redacted]\": \"[redacted]\"})",
        ),
        (
            "run(\"INSERT INTO u (token) \" \"VALUES ($1)\", 'S')",
            "run(\"INSERT INTO u (token) \" \"VALUES ($1)\", '[redacted]')",
        ),
        (
            "run(\"INSERT INTO u (token) VALUES (%s)\", token)",
            "run(\"INSERT INTO u (token) VALUES (%s)\", token)",
        ),
    ] {
        check(call, want);
        check_line(call, want);
    }
    check(
        "(0.001) INSERT INTO u (token) VALUES (%s); args=('S', 1); alias=default",
        "(0.001) INSERT INTO u (token) VALUES (%s); args=('[redacted]', [redacted]); alias=default",
    );
}

#[test]
fn elements_in_a_redacted_element_go_with_it() {
    check("<a><secret><b>S</b><c/></secret></a>", "<a><secret>[redacted]</secret></a>");
    check(
        "<credentials>\n  <user>a</user>\n  <value>S</value>\n</credentials>\n",
        "<credentials>[redacted]</credentials>\n",
    );
    check("<param name='token' value='S'/>", "<param name='token' value='[redacted]'/>");
    check("<input value=\"S\" type=\"password\">", "<input value=\"[redacted]\" type=\"password\">");
    check("<entry key=\"db.password\">S</entry>", "<entry key=\"db.password\">[redacted]</entry>");
    check("<key>token</key>\n<string>S</string>", "<key>token</key>\n<string>[redacted]</string>");
    for text in ["<input type=\"text\" value=\"a\">", "<a href=\"b\">c</a>", "a <name> b <key> c"] {
        check(text, text);
    }
}

#[test]
fn what_stands_beside_a_value_tells_what_it_is() {
    check(
        "{'name': 'password', 'value': 'S', 'a': 'b'}",
        "{'name': 'password', 'value': '[redacted]', 'a': 'b'}",
    );
    check(
        r#"[{"value": "S", "key": "api_key"}, {"value": "b"}]"#,
        r#"[{"value": "[redacted]", "key": "api_key"}, {"value": "b"}]"#,
    );
    check("Field(name='token', value='S')", "Field(name='token', value='[redacted]')");
    check(
        "[{'loc': ('body', 'password'), 'msg': 'a', 'input': 'S'}, {'input': 'b'}]",
        "[{'loc': ('body', 'password'), 'msg': 'a', 'input': '[redacted]'}, {'input': 'b'}]",
    );
    check(
        "form-data; name=\"token\"\r\n\r\nS S\r\n--x",
        "form-data; name=\"token\"\r\n\r\n[redacted]\r\n--x",
    );
    check("setattr(user, 'password', 'S')", "setattr(user, 'password', '[redacted]')");
    check("user.set_password('S')", "user.set_password('[redacted]')");
    check("Credentials(a='S', b=f('c'))", "Credentials(a='[redacted]', b=f('c'))");
    check("if token not in ('S', 'T'):", "if token not in ('[redacted]', '[redacted]'):");
    check("assert 'S' == user.password", "assert '[redacted]' == user.password");
    check("user, password = 'S', 'T'", "user, password = '[redacted]', '[redacted]'");
    check("password, self.a = 'S', 5", "password, self.a = '[redacted]', [redacted]");
    check("x['token']['a'] = 'S'", "x['token']['a'] = '[redacted]'");
    check("?password[]=S&a[]=b", "?password[]=[redacted]&a[]=b");
    check("tokens[0]: S, b", "tokens[0]: [redacted], b");
    check("API key provided: S, b", "API key provided: [redacted], b");
    check("Password for user 'a': S", "Password for user 'a': [redacted]");
    check("**Password:** S", "**Password:** [redacted]");
    check("password: |\n  S\n  S\na: b", "password: |\n  [redacted]\na: b");
    check("password: &a S", "password: &a [redacted]");
    check("Password:\nS\nb", "Password:\n[redacted]\nb");
    for text in [
        "{'name': 'colour', 'value': 'a'}",
        "[{'name': 'token'}, {'value': 'a'}]",
        "InvalidTokenError('Signature has expired')",
        "unexpected token Token('RPAR', ')')",
        "def get_token(a, b='c'):",
        "a, b = 'c', 5",
        "value found: 5 for a: b",
        "print('a', f(token), 'b')",
    ] {
        check(text, text);
    }
}

#[test]
fn aligned_columns_lose_their_secrets() {
    check(
        "   id password  x\n0   1        S  2\n1   2      S-T  3\n\n a",
        "   id password  x\n0   1        [redacted]  2\n1   2      [redacted]  3\n\n a",
    );
    check(
        "NAME  TOKEN  AGE\n----  -----  ---\na     S      5",
        "NAME  TOKEN  AGE\n----  -----  ---\na     [redacted]      5",
    );
    check("password\n--------\nS\n", "password\n--------\n[redacted]\n");
    for text in ["the token of a\n5 users", "a  b\n1  2", "token count\nnone"] {
        check(text, text);
    }
}

#[test]
fn command_lines_lose_their_secrets() {
    check("curl -u a:S https://b/", "curl -u a:[redacted] https://b/");
    check("['curl', '--user', 'a:S', 'b']", "['curl', '--user', 'a:[redacted]', 'b']");
    check("curl -H 'Authorization: Bearer S' b", "curl -H 'Authorization: Bearer [redacted]' b");
    check("sshpass -p 'S' ssh a", "sshpass -p '[redacted]' ssh a");
    check("docker login -u a -p S b", "docker login -u a -p [redacted] b");
    check("redis-cli -h a -a S ping", "redis-cli -h a -a [redacted] ping");
    check("mysql -uroot -p'S' a", "mysql -uroot -p'[redacted]' a");
    check("java -jar a -keypass 5 -storepass S b", "java -jar a -keypass 5 -storepass [redacted] b");
    check("git clone https://S@a.b/c", "git clone https://[redacted]@a.b/c");
    for text in [
        "curl -u a https://b/",
        "docker run -p 80:80 a",
        "docker ps -a",
        "mkdir -p a",
        "ssh -p 22 a",
        "ssh://git@a/b",
    ] {
        check(text, text);
    }
}

#[test]
fn arguments_of_a_format_go() {
    check("info(\"password %s of %s\", \"S\", a)", "info(\"password %s of %s\", \"[redacted]\", a)");
    check("info('a %s', 'b')", "info('a %s', 'b')");
    check_line("f(\"token=%s\" % \"S\")", "f(\"token=[redacted]\" % \"[redacted]\")");
}
