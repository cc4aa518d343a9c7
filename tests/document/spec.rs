//! The OpenAPI document that a server hands out, to check answers against.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::Server;

/// The methods an OpenAPI path can have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The document.
pub(crate) struct Spec(pub(crate) Value);

/// One method of one path.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'a> {
    /// In capitals.
    pub(crate) method: &'static str,
    /// With its `{parameters}`.
    pub(crate) path: &'a str,
    /// What the document says of it.
    pub(crate) value: &'a Value,
}

impl Spec {
    /// The document of this server.
    pub(crate) async fn of(server: &Server) -> Spec {
        let (status, document) = server.client().get("/openapi.json").await;
        assert_eq!(status, 200);
        Spec(document)
    }

    /// All operations.
    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, value)| {
                assert!(METHODS.contains(&method.as_str()), "{path} has the key {method}");
                Operation { method: capitals(method), path, value }
            })
        });
        all.collect()
    }

    /// The operation of this method whose path fits.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Operation<'_> {
        // A trailing slash is optional.
        let path = path.split('?').next().unwrap().trim_end_matches('/');
        let found = self.operations().into_iter().find(|o| o.method == method && o.fits(path));
        found.unwrap_or_else(|| panic!("{method} {path} is not in the document"))
    }

    /// The methods that the path of an operation takes, as the header `Allow` lists them.
    pub(crate) fn allowed(&self, path: &str) -> Vec<&'static str> {
        let operations = self.operations().into_iter().filter(|o| o.path == path);
        let mut methods: Vec<_> = operations.map(|operation| operation.method).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods
    }

    /// A schema, behind its reference if it is one.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else { return schema };
        let pointer = reference.strip_prefix('#').expect("references stay in the document");
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Panics unless the value fits the schema.
    pub(crate) fn check(&self, schema: &Value, value: &Value, what: &str) {
        let whole = json!({"allOf": [schema], "components": self.0["components"]});
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let errors: Vec<_> = validator.iter_errors(value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{what}: {value} is not as documented: {errors:#?}");
    }

    /// The keys in the value that the schema does not name.
    pub(crate) fn undocumented(&self, schema: &Value, value: &Value) -> Vec<String> {
        match value {
            Value::Array(items) => {
                let schema = &self.resolve(schema)["items"];
                items.iter().flat_map(|item| self.undocumented(schema, item)).collect()
            }
            Value::Object(fields) => {
                let known = self.properties(schema);
                let unknown = |(key, value): (&String, &Value)| match known.get(key.as_str()) {
                    Some(schema) => self.undocumented(schema, value),
                    None => vec![key.clone()],
                };
                fields.iter().flat_map(unknown).collect()
            }
            _ => Vec::new(),
        }
    }

    fn properties<'a>(&'a self, schema: &'a Value) -> BTreeMap<&'a str, &'a Value> {
        let schema = self.resolve(schema);
        let own = schema["properties"].as_object().into_iter().flatten();
        let mut all: BTreeMap<_, _> = own.map(|(key, value)| (key.as_str(), value)).collect();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            for (key, value) in self.properties(part) {
                all.entry(key).or_insert(value);
            }
        }
        all
    }

    /// Every media type of every request and response, and where it stands.
    pub(crate) fn media(&self) -> Vec<(String, &Value)> {
        let mut all = Vec::new();
        for operation in self.operations() {
            let Operation { method, path, value } = operation;
            let responses = value["responses"].as_object().unwrap();
            let responses = responses.iter().map(|(status, response)| (status.as_str(), response));
            for (which, body) in responses.chain([("request", &value["requestBody"])]) {
                for (kind, media) in body["content"].as_object().into_iter().flatten() {
                    all.push((format!("{method} {path} {which} {kind}"), media));
                }
            }
        }
        all
    }
}

impl<'a> Operation<'a> {
    /// Whether a request for `path` is one of this operation.
    fn fits(&self, path: &str) -> bool {
        let (mine, other) = (self.path.split('/'), path.split('/'));
        mine.clone().count() == other.clone().count()
            && mine.zip(other).all(|(mine, other)| mine.starts_with('{') || mine == other)
    }

    /// The path with its parameters filled in.
    pub(crate) fn path_to_ask(&self) -> String {
        self.path.replace("{file}", "index.html").replace("{id}", "1").replace("{file_id}", "1")
    }

    /// What the document says of a response.
    pub(crate) fn response(&self, status: u16) -> &'a Value {
        let response = &self.value["responses"][status.to_string()];
        assert!(response.is_object(), "{} {}: {status} is not in it", self.method, self.path);
        response
    }

    /// The statuses and codes that it may be refused with.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (u16, String)> {
        let responses = self.value["responses"].as_object().unwrap().iter();
        responses.flat_map(|(status, response)| {
            let parts = response["content"]["application/json"]["schema"]["allOf"].as_array();
            let parts = parts.into_iter().flatten();
            let codes = parts.filter_map(|part| part["properties"]["code"]["enum"].as_array());
            let status = status.parse().unwrap();
            codes.flatten().map(move |code| (status, code.as_str().unwrap().to_owned()))
        })
    }
}

fn capitals(method: &str) -> &'static str {
    match method {
        "get" => "GET",
        "post" => "POST",
        "delete" => "DELETE",
        other => panic!("{other} is a method that this server has not"),
    }
}
